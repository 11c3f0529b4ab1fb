/** Runs seeds against every planted bug, and records what caught it: `docs/planted-bugs.md` for readers, `planted-bugs.json` for the test. */
import { readFileSync } from 'node:fs';
import { hunt, PLANTED, type Caught } from './pipeline/planted.ts';
import { format, resolveConfig } from 'prettier';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What catches each: seed and invariant, by the bug's name. */
export const RECORD = fileURLToPath(new URL('planted-bugs.json', import.meta.url));
export const PAGE = fileURLToPath(new URL('../../docs/planted-bugs.md', import.meta.url));

/** A bug that takes more seeds than this is not caught by the runs on every change. */
export const MAX_SEEDS = 1_000;

export type Catches = Readonly<Record<string, Caught>>;

export const readCatches = (): Catches => JSON.parse(readFileSync(RECORD, 'utf8')) as Catches;

const INTRODUCTION = `# Planted bugs

Only a planted bug shows whether a simulation can detect bugs. Each of these breaks one rule of the pipeline by replacing one of
the code's dependencies (a store, a queue, a clock), and is searched for with the same seeds, from 1 on, that run without it. "Seed" is the first
seed that detects it, among the scenarios about evidence (every third seed) for the rules of evidence, among those with a replay for its rules, and among the others for the other rules; seven that
chance hardly ever brings about have a story of their own, which is told without the bug as well. "Invariant" is the first one that it violates. The page is written by \`npm run simulate -- --planted\`, and
\`test/simulation/planted.test.ts\` plants each bug again in its seed.
`;

const INVARIANTS = `
| invariant   | what must hold |
| ----------- | -------------- |
| alarm       | a stage whose code and destination work does not degrade, whatever AWS does, and no probe of it fails |
| charges     | a message is redriven for crashes and deaths of its own; an attempt that did not crash leaves no charge; a caught crash is recorded for the event that failed, and never for another; last words charge the one message that the dead process had in hand, once, if its attempt was not charged |
| blocked     | nothing is begun by a function that knows that its stage is blocked, or that started while it was |
| error       | no function ends with an error of its own, and control's run fails only when one of its calls failed |
| evidence    | a stage becomes normal only if something got through since it began to recover, or there was nothing to do, and not after a failed latest probe; its gauge falls only if something got through or nothing waits |
| frozen      | a function that has answered has no pending call, which would land in the middle of a later invocation |
| gauge       | the gauge of a stage is 1 while it is not normal, and may stay for a while only after a relapse |
| identity    | a destination gets the events that were sent, under their own ids |
| ingest      | good events are answered 200 while SQS works, whatever else is broken |
| isolation   | poison delays only its own user |
| last words  | they touch only messages that the dead process had and had not given back, and charge nothing after the visibility timeout |
| loss        | every event that SQS took is delivered to each of its destinations, filtered, or on record; so is every event that was replayed to one, and so are all outputs of the last completed attempt at an event |
| mapping     | the gauge does not fall while the mapping hands nothing out |
| order       | first deliveries happen in the order of acceptance, and a message has no effect after a later one |
| own trouble | failures of one user among others neither degrade a stage nor keep it from normal, and only such a user's event is rejected at a closed door |
| pages       | after a relapse a page resolves only when normal has lasted as long as the pause; users who are parked while their stage is normal page for as long as that is true |
| receives    | no message is begun that was received 500 times |
| recovery    | after the fix everything comes to rest without help: queues and parking empty, modes normal and announced |
| recovery bound | a stage recovers when its pause is over; after the fix it recovers within two minutes if anything waits, is normal a window after the last trouble, and delivers all; its gauge follows within the pause |
| replay      | replayed events arrive in their order, and before what their user sends once they are parked |
| routing     | a destination gets the events of its sources only |
| stall       | when nothing gets through while work waits, or everything is rejected, the stage is degraded in time |
| time        | no message or event is begun that might not end before the function is killed |
| trials      | the trials of a degraded stage take turns: users who were not tried yet come first |
| two workers | two functions never work on one user of a stage at the same time |
| uncounted   | a redrive is counted before the message is parked |
`;

const PRETTIER_WIDTH = 130;

/** @returns the page */
export const pageOf = async (catches: Catches): Promise<string> => {
  const rows = PLANTED.map(({ name, breaks, plan }) => {
    const caught = catches[name];
    const seed =
      caught === undefined ? 'not caught' : plan === undefined ? String(caught.seed) : 'its own story';
    return `| ${name} | ${breaks} | ${seed} | ${caught?.by ?? ''} |`;
  });
  const table = ['| planted bug | what breaks | seed | invariant |', '|---|---|---|---|', ...rows].join('\n');
  const config = await resolveConfig(PAGE);
  const text = `${INTRODUCTION}\n${table}\n\n## Invariants\n${INVARIANTS}`;
  return format(text, { printWidth: PRETTIER_WIDTH, ...config, parser: 'markdown' });
};

/** @returns whether every bug was caught */
export const huntAll = async (say: (line: string) => void): Promise<boolean> => {
  const catches: Record<string, Caught> = {};
  for (const planted of PLANTED) {
    const caught = await hunt(planted, MAX_SEEDS);
    say(
      `${planted.name}: ${caught === undefined ? 'NOT CAUGHT' : `seed ${String(caught.seed)}, ${caught.by}`}`,
    );
    if (caught !== undefined) catches[planted.name] = caught;
  }
  await writeFile(RECORD, `${JSON.stringify(catches, undefined, 2)}\n`);
  const page = await pageOf(catches);
  await writeFile(PAGE, page);
  say(page);
  return Object.keys(catches).length === PLANTED.length;
};
