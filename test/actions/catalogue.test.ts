/** Destinations of Segment's catalogue, bundled as they are deployed, with a recording server in the place of their services. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bundled } from '../support/actions/bundled.ts';
import { Recorder } from '../support/actions/recorder.ts';
import { CASES } from './cases.ts';

const recorder = new Recorder();
beforeAll(() => recorder.start());
afterAll(() => recorder.close());

describe.each(CASES.map((one) => [one.written.destination, one] as const))(
  '%s',
  (_, { written, secrets = {}, event, host, has, answer = () => ({ status: 200 }) }) => {
    let bundled: Bundled;
    beforeAll(() => {
      bundled = new Bundled(written, { origin: recorder.origin, secrets });
    });
    afterAll(() => bundled.close());

    it('sends the event to its service', async () => {
      recorder.answer = answer;
      expect(await bundled.send(event)).toEqual([{ kind: 'delivered' }]);
      const requests = recorder.take();
      expect(requests.map((request) => request.host)).toEqual(requests.map(() => host));
      const sent = JSON.stringify(requests.at(-1)).replaceAll('\\"', '"');
      for (const text of has) expect(sent).toContain(text);
    });

    it('answered 503: is tried again, when the service says', async () => {
      recorder.answer = () => ({ status: 503, headers: { 'retry-after': '7' }, body: '{"why":"busy"}' });
      const [verdict] = await bundled.send(event);
      expect(verdict).toMatchObject({ kind: 'retry', retryAfter: 7_000 });
      expect(recorder.take().length).toBeGreaterThan(0);
      recorder.answer = answer;
      expect(await bundled.send(event)).toEqual([{ kind: 'delivered' }]);
      recorder.take();
    });

    it('answered 400: is rejected, with the answer', async () => {
      recorder.answer = () => ({ status: 400, body: '{"why":"bad"}' });
      const [verdict] = await bundled.send(event);
      expect(verdict).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('400') as unknown });
      expect(recorder.take().length).toBeGreaterThan(0);
    });

    it('answered 401: is tried again, with the secrets read again', async () => {
      recorder.answer = () => ({ status: 401, body: '{"why":"key"}' });
      const [verdict] = await bundled.send(event);
      expect(verdict).toMatchObject({ kind: 'closed', reason: expect.stringContaining('401') as unknown });
      expect(bundled.expired).toBe(1);
      recorder.take();
    });
  },
);
