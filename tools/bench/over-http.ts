/** The scenarios that send events over HTTP: one system after the other, in rounds, so that what else the machine does hits all. */
import { Receiver } from '../driver/receiver.ts';
import { closing } from './closing.ts';
import { measure, pathsOf, type Result } from './measure.ts';
import { medianOf, type Measured } from './medians.ts';
import type { Plan } from './options.ts';
import type { Needs, RunningSystem, System } from './system.ts';

const needsSame = (a: Needs, b: Needs | undefined): boolean =>
  a.destinations === b?.destinations && a.hasTransform === b.hasTransform;

/** Plans that need the same system, one after another, share one. */
export const bySystem = (plans: readonly Plan[]): readonly (readonly Plan[])[] => {
  const groups: Plan[][] = [];
  for (const plan of plans) {
    const group = groups.at(-1);
    if (group !== undefined && needsSame(plan.scenario, group[0]?.scenario)) group.push(plan);
    else groups.push([plan]);
  }
  return groups;
};

interface Started {
  readonly name: string;
  readonly system: RunningSystem;
  readonly receiver: Receiver;
  /** Where its deliveries come to, by destination. */
  readonly paths: readonly string[];
}

type Print = (line: string) => void;

/** Calls `work` when all systems are up, and stops them afterwards. */
const withSystems = async (
  systems: readonly System[],
  needs: Needs,
  print: Print,
  work: (started: readonly Started[]) => Promise<void>,
  started: readonly Started[] = [],
): Promise<void> => {
  const [next, ...others] = systems;
  if (next === undefined) return work(started);
  const { name, sink } = next;
  const receiver = await Receiver.start({
    keepsRequests: false,
    ...(sink === undefined ? {} : { at: sink }),
  });
  await closing(
    () => receiver.close(),
    async () => {
      const paths = sink === undefined ? pathsOf(needs.destinations) : [sink.path];
      const transforms = needs.hasTransform ? ', and transforms' : '';
      print(`Starting: ${name}, with ${needs.destinations} destination(s)${transforms} ...`);
      const system = await next.start({ ...needs, urls: paths.map((path) => receiver.url(path)) });
      const stop = (): Promise<void> => system.stop();
      await closing(stop, () =>
        withSystems(others, needs, print, work, [...started, { name, system, receiver, paths }]),
      );
    },
  );
};

/** @param print takes a line about what is measured next */
export const measureAll = async (
  systems: readonly System[],
  plans: readonly Plan[],
  rounds: number,
  print: Print,
): Promise<readonly Measured[]> => {
  const measured: Measured[] = [];
  for (const group of bySystem(plans)) {
    const [first] = group;
    if (first === undefined) continue;
    const fitting = systems.filter((system) => system.fits(first.scenario));
    await withSystems(fitting, first.scenario, print, async (started) => {
      for (const { scenario, size } of group) {
        print(`${scenario.name}: ${scenario.about} ...`);
        const results: Result[][] = started.map(() => []);
        for (let round = 0; round < rounds; round += 1)
          for (const [i, parts] of started.entries())
            results[i]?.push(await measure(scenario, size, { ...parts, isWarm: round > 0 }));
        for (const [i, { name }] of started.entries())
          measured.push({ system: name, ...medianOf(results[i] ?? []), rounds: results[i] ?? [] });
      }
    });
  }
  return measured;
};
