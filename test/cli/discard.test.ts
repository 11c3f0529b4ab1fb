/** `sluice discard` cannot be undone, so it asks first. Against a local run whose control is a stand-in. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { KEY, SHOWN } from './fixtures.ts';
import { ok, refused } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const done = (stdout: string) => ({ code: 0, stdout, stderr: '' });

describe('discard', () => {
  const args = ['discard', 'router', KEY, 'm-poison', '--reason', 'a test of ours'];
  const request = {
    command: 'discard',
    stage: 'router',
    key: KEY,
    messageId: 'm-poison',
    reason: 'a test of ours',
  };

  beforeEach(() => {
    control.replies = { show: () => ok(SHOWN), discard: () => ok({ discarded: 'm-poison', left: 1 }) };
  });

  it('without a terminal and without --yes is refused', async () => {
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('nothing was discarded; add --yes');
    expect(control.requests).toEqual([]);
  });

  it('with --yes is done', async () => {
    expect(await cli.run([...args, '--yes'])).toEqual(
      done(
        'Discarded: m-poison. 1 message of the key is left.\nIts record: npx sluice rejected list router\n',
      ),
    );
    expect(control.requests).toEqual([request]);
  });

  it('accepts a key that begins with a dash, as one in 64 does', async () => {
    const key = `-${KEY.slice(1)}`;
    const words = ['discard', 'router', key, 'm-poison', '--reason', 'a test of ours', '--yes'];
    expect((await cli.run(words)).code).toBe(0);
    expect(control.requests).toEqual([{ ...request, key }]);
  });

  it('asks, with what will be lost', async () => {
    const { code, stdout, stderr } = await cli.run([...args, '--json'], { types: 'y\n' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ discarded: 'm-poison', left: 1 });
    expect(stderr).toMatch(/^This event will be taken out of router for good/);
    expect(stderr).toMatch(/^ {2}track m-poison, accepted 2026-11-22T21:37:00Z/m);
    expect(stderr).toContain('  its message crashed: TypeError');
    expect(stderr).toContain('Discard it? [y/N]');
    expect(control.requests.map(({ command }) => command)).toEqual(['show', 'discard']);
    expect(control.requests[1]).toEqual(request);
  });

  it.each([['n\n'], ['\n'], ['']])('%j is no', async (types) => {
    const { code, stdout, stderr } = await cli.run(args, { types });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Nothing was discarded\.\n$/);
    expect(control.requests.map(({ command }) => command)).toEqual(['show']);
  });

  it('of a missing event does not ask', async () => {
    const typo = args.map((arg) => (arg === 'm-poison' ? 'm-posion' : arg));
    const { code, stderr } = await cli.run(typo, { types: 'y\n' });
    expect(code).toBe(1);
    expect(stderr).toBe(`no event "m-posion" waits in this key; see npx sluice show router ${KEY}\n`);
    expect(control.requests.map(({ command }) => command)).toEqual(['show']);
  });

  it('of an event beyond the inspected ones says so, and leaves the decision to control', async () => {
    control.replies = {
      show: () => ok({ ...SHOWN, more: true }),
      discard: () => refused('messageId: no event with the id "m-far" waits'),
    };
    const far = args.map((arg) => (arg === 'm-poison' ? 'm-far' : arg));
    const { code, stderr } = await cli.run(far, { types: 'yes\n' });
    expect(code).toBe(1);
    expect(stderr).toContain('  m-far, which is not among the 200 oldest messages of its key\n');
    expect(stderr).toMatch(/messageId: no event with the id "m-far" waits\n$/);
  });
});
