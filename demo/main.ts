/**
 * `npm run demo`: the story of degraded mode on one machine, in about two minutes. The pipeline is the one that is deployed:
 * the same template, the same functions. The traffic, the destination and the pager are stand-ins in this process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { Receiver } from '../bench/receiver.ts';
import { routerStatus, until } from './control.ts';
import { Pager, type Page } from './pager.ts';
import { startPipeline, WRITE_KEY, type Pipeline } from './pipeline.ts';
import { NAMELESS, Traffic, USERS } from './traffic.ts';

const beganAt = Date.now();
const say = (text: string): void => {
  const seconds = ((Date.now() - beganAt) / 1000).toFixed(0).padStart(4);
  process.stdout.write(`${pc.dim(`${seconds} s`)}  ${text}\n`);
};
const act = (title: string): void => {
  process.stdout.write(`\n${pc.bold(title)}\n`);
};

/** Tells of accepted and delivered events since the last call. */
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

const nextPage = (pager: Pager, kind: Page['kind']): Promise<Page> =>
  until(`a page that is ${kind}`, () =>
    pager.pages.find((page) => page.kind === kind && page.incident.includes('router')),
  );

const story = async (pipeline: Pipeline, traffic: Traffic, pager: Pager): Promise<void> => {
  const { run } = pipeline;
  const status = () => routerStatus(run.consoleUrl);
  const count = teller(traffic);

  act('1. Normal mode: events come in, and go out in order');
  say(`${USERS} users send events. Look at ${pc.cyan(run.consoleUrl)} meanwhile.`);
  await sleep(6_000);
  say(count());

  act(`2. A deploy that crashes on the events of ${NAMELESS.length} users`);
  await pipeline.deploy('careless');
  say('deployed: `event.traits.name.trim()`, and some have no name');
  await until('parked users', async () =>
    (await status()).parkedKeys >= NAMELESS.length ? true : undefined,
  );
  const parked = await status();
  say(
    `each of these crashed the router 3 times, and was ${pc.yellow('parked')}: ${parked.parkedKeys} users wait, the others flow`,
  );
  say(pc.dim(`last crash: ${parked.lastCrash?.error ?? ''}`));
  count();
  await sleep(5_000);
  say(`${count()}; mode ${(await status()).mode}`);

  act('3. A bad deploy: it crashes on the events of everybody');
  await pipeline.deploy('broken');
  say('deployed: `event.profile.name.trim()`, and nobody has a profile');
  const degraded = await until('degraded mode', async () => {
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
  await pipeline.deploy('fixed');
  say('deployed: `event.traits.name?.trim() ?? "unknown"`');
  const seen = new Set<string>();
  const normal = await until('normal mode', async () => {
    const now = await status();
    if (!seen.has(now.mode)) {
      seen.add(now.mode);
      if (now.mode === 'recovering') say(`${pc.yellow('recovering')}: ${now.reason}`);
    }
    return now.mode === 'normal' ? now : undefined;
  });
  say(`${pc.green('normal')}: ${normal.reason}`);
  await until('parked users to be drained', async () =>
    (await status()).parkedKeys === 0 ? true : undefined,
  );
  say('the parked users have been drained, oldest events first');
  await nextPage(pager, 'resolved');
  say(`the page is ${pc.green('resolved')}, under the same name: ${incident}`);
};

/** @returns whether nothing was lost and order was kept */
const auditAll = async (traffic: Traffic): Promise<boolean> => {
  act('5. The audit');
  await traffic.stop();
  await until('the last events', () => (traffic.ledger.isComplete ? true : undefined));
  const { accepted, lost, duplicates, outOfOrder } = traffic.ledger.verdict();
  const good = (value: number): string => (value === 0 ? pc.green('0') : pc.red(String(value)));
  say(
    `sent ${accepted}, delivered ${accepted - lost}, lost ${good(lost)}, order violations ${good(outOfOrder)}, duplicates ${duplicates}`,
  );
  return lost === 0 && outOfOrder === 0;
};

const main = async (): Promise<boolean> => {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const pager = await Pager.start();
  const receiver = await Receiver.start(1);
  say('starting ...');
  const complaints: string[] = [];
  const pipeline = await startPipeline(receiver.urls[0] ?? '', pager.url, (source, line) => {
    complaints.push(`${source} ${line}`);
  });
  const traffic = new Traffic(pipeline.run.dataPlaneUrl, WRITE_KEY);
  try {
    receiver.onArrival = (_, messageId, at) => {
      traffic.arrive(messageId, at);
    };
    await story(pipeline, traffic, pager);
    return await auditAll(traffic);
  } catch (error) {
    process.stderr.write(`${complaints.slice(-20).join('\n')}\n`);
    throw error;
  } finally {
    await traffic.stop();
    await pipeline.close();
    await receiver.close();
    await pager.close();
  }
};

process.exitCode = (await main()) ? 0 : 1;
