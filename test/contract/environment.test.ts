import { describe, expect, it } from '@jest/globals';
import { CONTROL_INTERVAL, readControlInterval } from '../../contract/environment.ts';

describe("control's interval in a function", () => {
  it("is the schedule's, unless a local run sets another", () => {
    expect(CONTROL_INTERVAL).toBe(60_000);
    expect(readControlInterval({})).toBe(60_000);
    expect(readControlInterval({ SLUICE_CONTROL_INTERVAL_MS: '' })).toBe(60_000);
    expect(readControlInterval({ SLUICE_CONTROL_INTERVAL_MS: '2000' })).toBe(2_000);
  });

  it.each(['0', '-1', '2s', '1.5'])('is refused when it is not an interval: %s', (text) => {
    expect(() => readControlInterval({ SLUICE_CONTROL_INTERVAL_MS: text })).toThrow(
      `SLUICE_CONTROL_INTERVAL_MS: "${text}" is not a number of milliseconds`,
    );
  });
});
