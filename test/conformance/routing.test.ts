import { expect, it } from '@jest/globals';
import { routingRows } from './routing.ts';

it('a destination gets what RudderStack would send it, or the table says why not', () => {
  for (const row of routingRows())
    expect([row, row.sluice !== row.rudderStack]).toEqual([row, row.because !== undefined]);
});
