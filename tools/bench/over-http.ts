/** The scenarios that send events over HTTP. */
import { Receiver } from '../driver/receiver.ts';
import { closing } from './closing.ts';
import { measure, pathsOf, type Result } from './measure.ts';
import type { Plan } from './options.ts';
import type { System } from './system.ts';

const needsSame = (a: Plan['scenario'], b: Plan['scenario'] | undefined): boolean =>
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

/** @param print takes a line about what is measured next */
export const measureAll = async (
  system: System,
  plans: readonly Plan[],
  print: (line: string) => void,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (const group of bySystem(plans)) {
    const { destinations = 1, hasTransform = false } = group[0]?.scenario ?? {};
    const receiver = await Receiver.start({ keepsRequests: false });
    const transforms = hasTransform ? ', and transforms' : '';
    print(`Starting the ${system.name}, with ${destinations} destination(s)${transforms} ...`);
    await closing(
      () => receiver.close(),
      async () => {
        const urls = pathsOf(destinations).map((path) => receiver.url(path));
        const running = await system.start({ destinations: urls, hasTransform });
        const stop = (): Promise<void> => running.stop();
        await closing(stop, async () => {
          for (const { scenario, size } of group) {
            print(`${scenario.name}: ${scenario.about} ...`);
            results.push(await measure(scenario, size, { system: running, receiver }));
          }
        });
      },
    );
  }
  return results;
};
