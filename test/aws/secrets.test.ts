import { describe, expect, it } from '@jest/globals';
import { secretCache } from '../../lambdas/aws/secrets.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';

const MINUTE = 60_000;

const setUp = () => {
  const world = { now: 0, value: 'one', down: false, asked: [] as string[], warned: [] as string[] };
  const secrets = secretCache(
    async (name) => {
      world.asked.push(name);
      await Promise.resolve();
      if (world.down) throw new InfraFault('Secrets Manager is down');
      return world.value;
    },
    () => world.now,
    (message) => world.warned.push(message),
  );
  const read = async () => (await secrets.read(['token'])).get('token');
  return { world, secrets, read };
};

describe('secrets', () => {
  it('are fetched once for concurrent readers, and kept for five minutes', async () => {
    const { world, secrets, read } = setUp();
    expect(await Promise.all([read(), read()])).toEqual(['one', 'one']);
    expect([...(await secrets.read(['token', 'token', 'key']))]).toEqual([
      ['token', 'one'],
      ['key', 'one'],
    ]);
    world.value = 'two';
    world.now = 5 * MINUTE - 1;
    expect(await read()).toBe('one');
    expect(world.asked).toEqual(['token', 'key']);
    world.now = 5 * MINUTE;
    expect(await read()).toBe('two');
  });

  it('are not requested if none is named', async () => {
    const { world, secrets } = setUp();
    expect((await secrets.read([])).size).toBe(0);
    expect(world.asked).toEqual([]);
  });

  it('are read without the trailing newline of an editor', async () => {
    const { world, read } = setUp();
    world.value = ' one\r\n';
    expect(await read()).toBe('one');
  });

  it('keep their old value while no new one can be fetched, and are requested again soon', async () => {
    const { world, read } = setUp();
    await read();
    world.down = true;
    world.now = 6 * MINUTE;
    expect(await read()).toBe('one');
    expect(world.warned).toEqual(['the secret "token" could not be refreshed; its last value is used']);
    expect(await read()).toBe('one');
    expect(world.asked).toHaveLength(2);
    world.down = false;
    world.value = 'two';
    world.now += 10_000;
    expect(await read()).toBe('two');
  });

  it('are a fault if never fetched, and the next read requests them again', async () => {
    const { world, read } = setUp();
    world.down = true;
    await expect(read()).rejects.toThrow(InfraFault);
    world.down = false;
    expect(await read()).toBe('one');
  });

  it('fail a read only after all requests have ended: none is under way after the answer', async () => {
    const ended: string[] = [];
    const secrets = secretCache(
      async (name) => {
        for (let i = 0; i < (name === 'slow' ? 20 : 1); i += 1) await Promise.resolve();
        ended.push(name);
        if (name === 'denied') throw new InfraFault('access denied');
        return name;
      },
      () => 0,
      () => undefined,
    );
    await expect(secrets.read(['denied', 'slow'])).rejects.toThrow('access denied');
    expect(ended).toEqual(['denied', 'slow']);
  });

  it('are fetched again when a destination refuses one, but not more often than every ten seconds', async () => {
    const { world, secrets, read } = setUp();
    await read();
    world.value = 'two';
    world.now = 9_999;
    secrets.expire();
    expect(await read()).toBe('one');
    world.now = 10_000;
    expect(await read()).toBe('two');
    world.value = 'three';
    world.now = MINUTE;
    expect(await read()).toBe('two');
  });
});
