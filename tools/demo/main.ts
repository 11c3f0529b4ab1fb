/**
 * `npm run demo`: the story of degraded mode on one machine, in about two minutes. The pipeline is the one that is deployed:
 * the same template, the same functions. The traffic, the destination and the pager are stand-ins in this process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import type { StageStatus } from '../../contract/status.ts';
import { askControl } from '../driver/control.ts';
import type { LocalRun } from '../driver/local-run.ts';
import { Receiver } from '../driver/receiver.ts';
import { until } from '../driver/until.ts';
import { Pager, type Page } from './pager.ts';
import { deploy, pipelineOf, WRITE_KEY } from './pipeline.ts';
import { NAMELESS, Traffic, USERS } from './traffic.ts';

const beganAt = Date.now();
const say = (text: string): void => {
  const seconds = ((Date.now() - beganAt) / 1000).toFixed(0).padStart(4);
  process.stdout.write(`${pc.dim(`${seconds} s`)}  ${text}\n`);
};
const act = (title: string): void => {
  process.stdout.write(`\n${pc.bold(title)}\n`);
};

/** Prints the accepted and delivered events since the last call. */
const teller = (traffic: Traffic) => {
  let accepted = 0;
  let delivered = 0;
  return (): string => {
    const text = `+${traffic.accepted - accepted} accepted, +${traffic.delivered - delivered} delivered`;
    accepted = traffic.accepted;
    delivered = traffic.delivered;
    return text;
  };
};

/** For a hang; on a slow machine the story takes longer. */
const LIMIT_MS = 240_000;

/** On a busy machine control may fail to answer; then it is asked again. */
const within = <T>(what: string, check: () => Promise<T> | T): Promise<NonNullable<T>> =>
  until(what, check, { deadlineMs: LIMIT_MS, pollMs: 300, retriesErrors: true });

const routerStatus = async (run: LocalRun): Promise<StageStatus> => {
  const [router] = (await askControl(run.consoleUrl, { command: 'status' })).stages;
  if (router === undefined) throw new Error('control knows no stage');
  return router;
};

const nextPage = (pager: Pager, kind: Page['kind']): Promise<Page> =>
  within(`a page that is ${kind}`, () =>
    pager.pages.find((page) => page.kind === kind && page.incident.includes('router')),
  );

const story = async (run: LocalRun, traffic: Traffic, pager: Pager): Promise<void> => {
  const status = () => routerStatus(run);
  const count = teller(traffic);

  act('1. Normal mode: events come in, and go out in order');
  say(`${USERS} users send events. Follow them at ${pc.cyan(run.consoleUrl)}.`);
  await sleep(6_000);
  say(count());

  act(`2. A deploy that crashes on the events of ${NAMELESS.length} users`);
  await deploy(run, 'careless');
  say('deployed: `event.traits.name.trim()`, and some have no name');
  await within('parked users', async () => (await status()).parkedKeys >= NAMELESS.length);
  const parked = await status();
  say(
    `each of these crashed the router 3 times, and was ${pc.yellow('parked')}: ${parked.parkedKeys} users wait, the others flow`,
  );
  say(pc.dim(`last crash: ${parked.lastCrash?.error ?? ''}`));
  count();
  await sleep(5_000);
  say(`${count()}; mode ${(await status()).mode}`);

  act('3. A bad deploy: it crashes on the events of everybody');
  await deploy(run, 'broken');
  say('deployed: `event.profile.name.trim()`, and nobody has a profile');
  const degraded = await within('degraded mode', async () => {
    const now = await status();
    return now.mode === 'degraded' ? now : undefined;
  });
  say(`${pc.red('degraded')}: ${degraded.reason}`);
  const { incident } = await nextPage(pager, 'triggered');
  say(`the pager rings: ${pc.red(incident)}`);
  count();
  await sleep(8_000);
  const health = await (await fetch(`${run.dataPlaneUrl}/health`)).json();
  say(`${count()}: everything is stored, nothing is forwarded; refused requests: ${traffic.refused}`);
  say(pc.dim(`/health: ${JSON.stringify(health)}`));

  act('4. The fix is deployed');
  await deploy(run, 'fixed');
  say('deployed: `event.traits.name?.trim() ?? "unknown"`');
  const seen = new Set<string>();
  const normal = await within('normal mode', async () => {
    const now = await status();
    if (!seen.has(now.mode)) {
      seen.add(now.mode);
      if (now.mode === 'recovering') say(`${pc.yellow('recovering')}: ${now.reason}`);
    }
    return now.mode === 'normal' ? now : undefined;
  });
  say(`${pc.green('normal')}: ${normal.reason}`);
  await within('parked users to be drained', async () => (await status()).parkedKeys === 0);
  say('the parked users have been drained, oldest events first');
  await nextPage(pager, 'resolved');
  say(`the page is ${pc.green('resolved')}, under the same name: ${incident}`);
};

/** @returns whether nothing was lost and order was kept */
const auditAll = async (traffic: Traffic): Promise<boolean> => {
  act('5. The audit');
  await traffic.stop();
  await within('the last events', () => traffic.ledger.isComplete);
  const { accepted, lost, duplicates, outOfOrder } = traffic.ledger.verdict();
  const good = (value: number): string => (value === 0 ? pc.green('0') : pc.red(String(value)));
  say(
    `sent ${accepted}, delivered ${accepted - lost}, lost ${good(lost)}, order violations ${good(outOfOrder)}, duplicates ${duplicates}`,
  );
  return lost === 0 && outOfOrder === 0;
};

const DESTINATION = '/crm';

const main = async (): Promise<boolean> => {
  const pager = await Pager.start();
  const receiver = await Receiver.start({ keepsRequests: false });
  const run = pipelineOf(receiver.url(DESTINATION), pager.url);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void run.remove().finally(() => process.exit(130)));
  say('starting ...');
  try {
    await run.start(LIMIT_MS);
    const traffic = new Traffic(run.dataPlaneUrl, WRITE_KEY);
    receiver.watch([DESTINATION], (_, messageId, at) => {
      traffic.arrive(messageId, at);
    });
    try {
      await story(run, traffic, pager);
      return await auditAll(traffic);
    } finally {
      await traffic.stop();
    }
  } catch (error) {
    process.stderr.write(`${run.output.trimEnd().split('\n').slice(-20).join('\n')}\n`);
    throw error;
  } finally {
    if (run.isRunning) await run.stop();
    await run.remove();
    await receiver.close();
    await pager.close();
  }
};

process.exitCode = (await main()) ? 0 : 1;
