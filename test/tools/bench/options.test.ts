import { describe, expect, it, jest } from '@jest/globals';
import { parseOptions, type Plan } from '../../../tools/bench/options.ts';
import { bySystem } from '../../../tools/bench/over-http.ts';

const namesOf = (plans: readonly Plan[]): readonly string[] => plans.map(({ scenario }) => scenario.name);

describe('the command line', () => {
  it('measures everything by default', () => {
    const { plans, others, ends, rounds } = parseOptions([]);
    expect(namesOf(plans)).toEqual(
      expect.arrayContaining(['single', 'batch', 'batch-32', 'transform-batch']),
    );
    expect(others).toContain('calls');
    expect({ ends, rounds }).toEqual({ ends: 300, rounds: 1 });
  });

  it('measures the named scenarios over HTTP and nothing else', () => {
    const { plans, works, others } = parseOptions(['--scenario', 'single', 'batch', '--events', '500']);
    expect(namesOf(plans)).toEqual(['single', 'batch']);
    expect(plans.map(({ size }) => size.events)).toEqual([500, 500]);
    expect(works).toEqual([]);
    expect([...others]).toEqual([]);
  });

  it('sends over as many connections as a scenario has, unless it is told how many', () => {
    const of = (...more: string[]) =>
      parseOptions(['--scenario', 'batch', 'batch-32', ...more]).plans.map(({ size }) => size.connections);
    expect(of()).toEqual([8, 32]);
    expect(of('--connections', '5')).toEqual([5, 5]);
  });

  it('ends a thread as often as requested, without starting a pipeline', () => {
    const { plans, works, others, ends } = parseOptions(['--scenario', 'ends', '--ends', '10000']);
    expect({ plans, works, others: [...others], ends }).toEqual({
      plans: [],
      works: [],
      others: ['ends'],
      ends: 10_000,
    });
  });

  it('replays as many events as requested, and a moderate number by default', () => {
    const of = (...args: string[]) => parseOptions(['--scenario', 'replay', ...args]).replay;
    expect(of()).toEqual({ events: 20_000, users: 1_000, perMessage: 20 });
    expect(of('--events', '1000000', '--users', '50', '--packed', '1')).toEqual({
      events: 1_000_000,
      users: 50,
      perMessage: 1,
    });
  });

  it('measures ingest against its floor, beside another checkout', () => {
    const { plans, others, beside } = parseOptions(['--scenario', 'floor', 'cold', '--beside', '../before']);
    expect(plans).toEqual([]);
    expect([...others]).toEqual(['floor', 'cold']);
    expect(beside).toBe('../before');
  });

  it('takes four rounds of each scenario when there is another system', () => {
    expect(parseOptions(['--beside', '../before']).rounds).toBe(4);
    expect(parseOptions(['--beside', '../before', '--rounds', '7']).rounds).toBe(7);
  });

  it('takes another system with where it delivers', () => {
    const { against } = parseOptions([
      ...['--against', 'http://127.0.0.1:8180/', '--write-key', 'key'],
      ...['--sink', 'http://127.0.0.1:9900/hook', '--pids', '12', '34'],
    ]);
    expect(against).toEqual({
      url: 'http://127.0.0.1:8180',
      writeKey: 'key',
      sink: { host: '127.0.0.1', port: 9_900, path: '/hook' },
      pids: [12, 34],
    });
  });

  it('compares each scenario with one that it knows', () => {
    const { plans } = parseOptions([]);
    for (const { scenario } of plans) expect([undefined, ...namesOf(plans)]).toContain(scenario.against);
  });
});

describe('starts of the system', () => {
  const { plans } = parseOptions([]);
  const groups = bySystem(plans);

  it('leave out no scenario, and keep their order', () => {
    expect(namesOf(groups.flat())).toEqual(namesOf(plans));
  });

  it('are shared by scenarios that need the same, so that none with a transform runs with one that has none', () => {
    for (const group of groups) {
      expect(new Set(group.map(({ scenario }) => scenario.hasTransform)).size).toBe(1);
      expect(new Set(group.map(({ scenario }) => scenario.destinations)).size).toBe(1);
    }
    expect(groups.map((group) => group.length)).toEqual([7, 3, 1]);
  });
});

describe('a command line that is wrong', () => {
  const refused = (...args: string[]): string => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${String(code)}`);
    });
    try {
      expect(() => parseOptions(args)).toThrow('exit 1');
      return lines.join('');
    } finally {
      write.mockRestore();
      exit.mockRestore();
    }
  };
  const OTHER = ['--against', 'http://127.0.0.1:8180'];

  it.each([
    [
      ['--against', 'https://example.com', '--write-key', 'k'],
      'Use an address such as http://127.0.0.1:8080.',
    ],
    [['--against', 'example.com', '--write-key', 'k'], 'Use an address such as'],
    [['--against', 'http://127.0.0.1:1/v1/batch', '--write-key', 'k'], 'adds /v1/batch and /v1/track'],
    [OTHER, '--against needs --write-key'],
    [[...OTHER, '--write-key', 'k', '--sink', 'http://127.0.0.1/hook'], 'Give the port'],
    [
      [...OTHER, '--write-key', 'k', '--sink', 'http://127.0.0.1:1/?a'],
      'Leave out what is not host, port and path',
    ],
    [[...OTHER, '--write-key', 'k', '--pids', 'x'], 'Use a whole number'],
    [['--sink', 'http://127.0.0.1:9900/hook'], '--sink is of another system: give --against, too'],
    [['--write-key', 'k'], '--write-key is of another system'],
    [['--users', '5', '--connections', '8'], 'a user has one connection'],
  ])('%j is answered with what to change', (args, words) => {
    expect(refused(...args)).toContain(words);
  });
});
