/**
 * `npm run record:servers`: runs the SDKs of RudderStack and Segment for Python, Java, Go and Ruby, where their runtime is
 * installed, and writes down what they send. The recorder answers as ingest does, so that the run shows as well that each
 * SDK takes the answer for what it is: nothing is sent again but what was refused, and nothing is reported as failed.
 *
 * `npm test` needs none of this: it replays what was recorded.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../../../local/common/settings.ts';
import { tellStory } from '../drive.ts';
import { eventsIn, fixtureName, SERVERS, type Fixture } from '../fixture.ts';
import { Recorder } from '../recorder.ts';
import { inStoryOrder } from '../story-order.ts';
import { ANONYMOUS_ID, USER_ID, WRITE_KEY } from '../story.ts';
import { prepare, SDKS, type Command, type ServerSdk } from './runtimes.ts';

interface Said {
  readonly failures: readonly string[];
}

/** One line in, one line out, when everything of it was sent. */
const driver = (process: ChildProcessWithoutNullStreams) => {
  const answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  let errors = '';
  process.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return async (asked: object): Promise<Said> => {
    process.stdin.write(`${JSON.stringify(asked)}\n`);
    for (;;) {
      const { value, done } = (await answers.next()) as IteratorResult<string, undefined>;
      if (done === true) throw new Error(`the driver ended: ${errors}`);
      // RudderStack's for Ruby logs to standard output.
      if (value.startsWith('{')) return JSON.parse(value) as Said;
    }
  };
};

const record = async (sdk: ServerSdk, { file, args, env }: Command): Promise<Fixture> => {
  const recorder = await Recorder.start();
  const url = `http://127.0.0.1:${recorder.port}`;
  const child = spawn(file, [...args, sdk.kind, url, WRITE_KEY, USER_ID, ANONYMOUS_ID], {
    env: { ...process.env, ...env },
  });
  try {
    const ask = driver(child);
    recorder.variant = 'defaults';
    await tellStory(recorder, {
      retries: true,
      say: async (calls, isKnown) => {
        const { failures } = await ask({ calls, isKnown });
        if (failures.length > 0) throw new Error(`it reports as failed: ${failures.join(', ')}`);
      },
    });
  } finally {
    child.kill();
    await recorder.close();
  }
  const requests = inStoryOrder(recorder.requests);
  const again = requests
    .filter(({ step }) => step !== 'refused once')
    .flatMap((request) => eventsIn(request).map(({ messageId }) => messageId));
  if (new Set(again).size < again.length) throw new Error('it sends again what was accepted');
  return { sdk: sdk.name, version: sdk.version, origin: 'recorded', requests };
};

/** `npm run record:servers -- java ruby`: those alone. */
const wanted = process.argv.slice(2);

for (const sdk of SDKS) {
  if (wanted.length > 0 && !wanted.includes(sdk.runtime)) continue;
  const command = prepare(sdk);
  if (typeof command === 'string') {
    console.log(`${sdk.name} ${sdk.version}: left out: ${command}`);
    continue;
  }
  const fixture = await record(sdk, command);
  const path = join(SERVERS, fixtureName(sdk.name, sdk.version));
  const config = await resolveConfig(path);
  writeFileSync(path, await format(JSON.stringify(fixture), { ...config, filepath: path }));
  console.log(
    `${relative(ROOT, path)}: ${fixture.requests.length} requests, nothing sent again that was accepted`,
  );
}
