/** The run on this machine, as the doctor sees it: its template, its secrets; and why there is nothing else to look at. */
import { join } from 'node:path';
import { readRunFile } from '../../local/run/run-file.ts';
import { readSecret } from '../../local/secrets-manager/service.ts';
import { stacksOf } from '../../local/template/manifest.ts';
import { readTree } from '../../local/template/tree.ts';
import { NotRead } from './finding.ts';
import type { World } from './world.ts';
import { chosenStack, wantedHere, type WantedOptions } from './wanted.ts';

const absent = (why: string) => () => Promise.reject(new NotRead(why));

const asTheTemplateSays = 'the local run makes them as the template says, and nothing changes them';

/** @param dataDir of the run @throws UsageError when there is none */
export const openLocalWorld = async (dataDir: string, options: WantedOptions): Promise<World> => {
  await readRunFile(dataDir);
  return {
    place: 'local run',
    options: '',
    control: '',
    leftBehind: absent(
      'npx sluice status lists it; the local run takes the queue over when a destination is added again',
    ),
    wanted: () => wantedHere(options),
    deployed: async () => {
      const stack = chosenStack(await stacksOf(join(dataDir, 'cdk.out')), options);
      return {
        name: stack.stackName,
        status: `its data is in ${dataDir}`,
        tree: await readTree(stack),
        physical: () => {
          throw new NotRead(asTheTemplateSays);
        },
      };
    },
    concurrency: absent('the local run has no quota'),
    logRole: absent('the local run needs no role'),
    bootstrapVersion: absent('the local run needs no bootstrap'),
    secret: async (name) => {
      const secret = await readSecret(dataDir, name);
      if (secret.kind === 'malformed') throw new NotRead(secret.reason);
      return secret.kind === 'found' ? 'there' : 'absent';
    },
    hasBus: absent('what is put on a bus is a file here: any bus is there'),
    queueAttributes: absent(asTheTemplateSays),
    subscriptions: absent(asTheTemplateSays),
    alarms: absent(asTheTemplateSays),
    metrics: absent(asTheTemplateSays),
  };
};
