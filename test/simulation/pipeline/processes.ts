/** The real work of router and deliver on a message; each of its calls can fail or kill the invocation. */
import { inCalls } from '../../../lambdas/core/base/send-batches.ts';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import { secretCache } from '../../../lambdas/aws/secrets.ts';
import { deliverer, type DeliverDeps } from '../../../lambdas/deliver/deliver.ts';
import { webhookSender } from '../../../lambdas/deliver/destinations/webhook/sender.ts';
import type { HttpClient } from '../../../lambdas/deliver/http-client.ts';
import { router, type RouterDeps } from '../../../lambdas/router/route.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Host } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { destination, SEEN_LIMITS, timing } from './config.ts';
import type { MadeFor } from './receivers.ts';
import { DESTINATIONS, ROUTER, type DestinationId, type StageId } from './plan.ts';
import type { World } from './world.ts';

/** How long a message waits for others to join its call; milliseconds. */
const WINDOW = 3;

/** Messages that the groups of a batch send at about the same time share one call, as with `BatchingSender`. */
const gathering = (sender: QueueSender, host: Host) => {
  let waiting: { message: OutgoingMessage; taken: () => void; failed: (error: Error) => void }[] = [];
  const flush = (): void => {
    const all = waiting;
    waiting = [];
    let next = 0;
    for (const call of inCalls(all.map(({ message }) => message))) {
      const own = all.slice(next, next + call.length);
      next += call.length;
      sender.send(call).then(
        (results) => {
          own.forEach(({ taken, failed }, i) => {
            const result = results[i];
            if (result?.ok === true) taken();
            else failed(new InfraFault(`SQS refused a message: ${result?.reason ?? ''}`));
          });
        },
        (error: unknown) => {
          for (const { failed } of own) failed(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
  };
  return (message: OutgoingMessage): Promise<void> =>
    new Promise((taken, failed) => {
      waiting.push({ message, taken, failed });
      if (waiting.length === 1) host.after(WINDOW, flush);
    });
};

/** A destination's queue. Whenever a call lands, its effect is attributed to the messages for which it was made. */
const senderTo = (world: World, id: DestinationId, invocation: Invocation): QueueSender => ({
  send: async (messages) => {
    const made = messages.map(({ groupId }) => world.routing(groupId));
    const firsts = made.map((message) => message && world.together.firstOf(invocation, message));
    const results = (await invocation.gate('sqs.send', [messages], async () => {
      await Promise.resolve();
      if (world.faults.isDenied('queue', id)) {
        world.faults.count('denied: queue');
        invocation.isHurt = true;
        throw new AccessFault(`AccessDenied: SendMessageBatch to ${id}`);
      }
      made.forEach((message, i) => {
        if (message !== undefined) world.effect([message.id], firsts[i]);
      });
      return world.send(id, messages, invocation);
    })) as readonly SendResult[];
    results.forEach(({ ok }, i) => {
      const message = made[i];
      if (ok && message !== undefined) world.evidence.sent(message.id, id);
    });
    return results;
  },
});

const routerProcess = (world: World, invocation: Invocation, transforms: Transforms): Process => {
  const { gate, host } = invocation;
  const deduplication = {
    store: gated<SeenIdsStore>(world.seen, 'seen', gate),
    limits: SEEN_LIMITS,
    warn: () => undefined,
  };
  const deps: RouterDeps = {
    stage: ROUTER,
    destinations: DESTINATIONS.map((id) => {
      const send = gathering(senderTo(world, id, invocation), host);
      return { id, sources: destination(id).sources, send };
    }),
    transforms,
    isPure: world.isPure,
    timing,
    rejections: gated(world.rejections, 'rejections', gate),
    clock: world.clockOf(invocation),
    count: () => undefined,
    ...(world.plan.settings.deduplication ? { deduplication } : {}),
  };
  return router(world.bug.router?.(deps, world) ?? deps);
};

/** The user whose events a request has. */
const userIn = (body: string): number => Number(/"anonymousId":"u(\d+)"/.exec(body)?.[1]);

/** The messages that a request is made for. */
const madeFor = (world: World, stage: DestinationId, body: string): MadeFor | undefined => {
  const unit = world.watch.current(stage, userIn(body));
  if (unit === undefined) return undefined;
  const events = [JSON.parse(body) as { messageId: string } | { messageId: string }[]].flat();
  const ids = world.ledger.within(
    unit.map(({ id }) => id),
    events.map(({ messageId }) => messageId),
  );
  return { ids, unit: unit[0].id };
};

const httpTo =
  (world: World, stage: DestinationId, { gate, host }: Invocation): HttpClient =>
  async (request) => {
    const by = madeFor(world, stage, request.body);
    try {
      const { reply, wait } = (await gate('http.post', [stage, request.body.length], () =>
        world.receivers.post(stage, request, by),
      )) as Awaited<ReturnType<typeof world.receivers.post>>;
      if (wait > 0) await host.pass(wait);
      if (reply.kind === 'answer' && reply.status < 300)
        for (const id of by?.ids ?? []) world.evidence.delivered(id);
      return reply;
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      return { kind: 'transport', reason: 'socket hang up' };
    }
  };

const deliverProcess = (
  world: World,
  stage: DestinationId,
  invocation: Invocation,
  transforms: Transforms,
): Process => {
  const { gate } = invocation;
  const clock = world.clockOf(invocation);
  const sender = webhookSender({
    destination: destination(stage),
    timing,
    send: httpTo(world, stage, invocation),
    secrets: secretCache(
      () => {
        if (!world.faults.isDenied('secret', stage)) return Promise.resolve('s3cr3t');
        world.faults.count('denied: secret');
        return Promise.reject(new AccessFault(`AccessDenied: GetSecretValue of ${stage}-key`));
      },
      clock,
      () => undefined,
    ),
    clock,
  });
  const deps: DeliverDeps = {
    destination: { id: stage },
    sender,
    timing,
    transforms,
    rejections: gated(world.rejections, 'rejections', gate),
    clock,
    count: () => undefined,
  };
  return deliverer(world.bug.deliver?.(deps, world) ?? deps);
};

export const processOf = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  transforms: Transforms,
): Process =>
  stage === ROUTER
    ? routerProcess(world, invocation, transforms)
    : deliverProcess(world, stage, invocation, transforms);
