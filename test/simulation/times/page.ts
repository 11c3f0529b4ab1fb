/** The page about the times. */
import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';
import { LIMITS, MEASURES, type Times } from '../times.ts';
import { WAY_NAMES, WAYS } from './ways.ts';

export const PAGE = fileURLToPath(new URL('../../../docs/times.md', import.meta.url));

const PRETTIER_WIDTH = 130;

/** Minutes and seconds. */
const clock = (seconds: number | undefined): string =>
  seconds === undefined
    ? '–'
    : `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;

/** In the order of `MEASURES`. */
const HEADS = [
  'degraded',
  'still failing',
  'failing again',
  'recovering',
  'normal',
  'last event',
  'page resolves',
];

export const rowOf = (times: Times): readonly string[] => [
  times.way,
  String(times.users),
  ...MEASURES.map((measure) => clock(times[measure])),
];

const tableOf = (rows: readonly (readonly string[])[], right: readonly number[]): string => {
  const [head = []] = rows;
  const rule = head.map((_, i) => (right.includes(i) ? '--:' : '---'));
  const [first = '', ...rest] = [head, rule, ...rows.slice(1)].map((cells) => `| ${cells.join(' | ')} |`);
  return [first, ...rest].join('\n');
};

const NUMBERS = [1, ...HEADS.map((_, i) => i + 2)];

const limits = ['**limit**', '', ...MEASURES.map((measure) => `**${clock(LIMITS[measure])}**`)];

const longest = (all: readonly Times[], measure: (typeof MEASURES)[number]): string =>
  clock(Math.max(...all.map((times) => times[measure] ?? 0)));

const head = (all: readonly Times[]): string => `# Times to degraded, and back to normal

How long can a stage be broken before someone is paged, and how soon after the fix does it work again? This page has the times for a stage
in which every attempt fails: twelve ways to fail, with 1 to 300 users, at the default settings.

- **It is degraded, which pages, within 12 minutes** of the first failed attempt; in this table after ${longest(all, 'degraded')} at most. With ten
  users or more it takes about two minutes or less, unless events are rejected or the function is never invoked.
- **It recovers within two minutes of the fix**, even after an outage of five hours. In this table it is normal after ${longest(all, 'normal')} at
  most, and all that waited is delivered after ${longest(all, 'delivered')} at most.
- **The page resolves when the stage is normal.** But if the stage was degraded again within an hour of normal, the page stays for as long as
  the last pause, an hour at most. So after the fix look at the mode (\`npx sluice status\`), and not at the page.

\`npm run simulate -- --times\` writes this page, and \`test/simulation/times.test.ts\` measures a part of it again. [The mode
machine](mode-machine.md) has the rules, and [the runbook](runbook.md#degraded-mode) what to do.

## What is measured

The whole pipeline runs [in virtual time](reliability.md), with two destinations. An AWS call takes 5 to 25 milliseconds. Each user sends an
event every two minutes; 300 users send ten events a minute among them. Each row is one run:

1. After ten minutes every attempt of the stage begins to fail.
2. Half an hour later the failure stops. When the first event has got through while the stage recovers, every attempt fails again.
3. After five hours or more of that, a pause ends, the stage recovers, and is degraded again. The fix comes a second later. It is the worst
   moment: the events that were just tried are hidden in the queue, so the next trial may not get them.

| column | from | to |
| --- | --- | --- |
| degraded | the first failed attempt since the last progress, in normal | degraded |
| still failing | recovering, because the pause was over; the longest of these times | degraded |
| failing again | after some events got through in recovering (2.): the first failed attempt since the last progress | degraded |
| recovering | the fix; if nothing waits then: the first event that does | recovering, by a trial or by a probe of new code |
| normal | the same | normal |
| last event | the fix | the last event that was sent before the fix is delivered |
| page resolves | as for recovering | the gauge is 0, and stays 0 |

If the function is never invoked there is no attempt: the time starts when something waits. A dash: nothing waited at the fix, because
everything had been rejected. Rows in which the page stays for an hour are those in which the stage was normal for a while in step 2.

The limits: degraded within \`stallAfter\` and two minutes, because control looks once a minute, first at what waits and then at the time.
Recovering within two trials, one a minute. Normal within one \`window\` after that, and two minutes for control. Everything delivered within
\`maxDrainBackoff\` after that, and the page resolved within \`maxPause\`.
`;

const ways = (): string =>
  tableOf(
    [
      ['way', 'stage', 'what fails'],
      ...WAY_NAMES.map((way) => {
        const { stage, what } = WAYS[way];
        return [way, stage === 'router' ? 'router' : 'destination', what];
      }),
    ],
    [],
  );

const TAIL = `
## What the figures do not cover

- **Rejected events, fewer than one in two minutes.** A rejected event does not wait, so only the next rejection can show that the stage
  rejects everything. The stage is degraded by the first rejection that comes \`stallAfter\` or later after the first one.
- **A quiet night.** The times start at the first failed attempt. Until an event is sent, nothing fails, unless code does not load: a probe finds that.
- **AWS as it is.** Nothing was deployed for this page. The starts of functions, the alarm's period, and the way to your phone come on top.
- **A fix just after a throttled function was degraded.** Lambda may have taken messages from the queue that it could not hand to the function.
  They are hidden for the visibility timeout (6 minutes for a destination), and no trial gets them before that.
- **Long backlogs.** The last event depends on how much waits, and how fast the destination takes it.
- **Other settings.** \`stallAfter\`, \`window\`, \`pause\` and \`maxPause\` change these times: see [the configuration](configuration.md).
`;

/** Formatted by prettier. */
export const textOf = async (path: string, text: string): Promise<string> => {
  const config = await resolveConfig(path);
  const parser = path.endsWith('.json') ? 'json' : 'markdown';
  return format(
    text,
    parser === 'json' ? { ...config, parser } : { printWidth: PRETTIER_WIDTH, ...config, parser },
  );
};

/** @returns the page */
export const pageOf = (all: readonly Times[]): Promise<string> => {
  const table = tableOf([['way', 'users', ...HEADS], ...all.map(rowOf), limits], NUMBERS);
  const text = `${head(all)}\n${ways()}\n\n## The table\n\nMinutes and seconds.\n\n${table}\n${TAIL}`;
  return textOf(PAGE, text);
};
