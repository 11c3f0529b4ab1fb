/** Planted bugs of a replay: each drops one condition of `core/stage/replay.ts`, or one of the command's. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import type { ParkedMessage } from '../../../lambdas/core/stage/parking-port.ts';
import { replaced } from '../../support/ports-gate.ts';
import type { ReplayBug } from './world.ts';

export interface PlantedInReplay {
  readonly name: string;
  readonly breaks: string;
  readonly bug: ReplayBug;
}

type Parking = ControlDeps['parking'];

const inParking = (change: (parking: Parking) => Partial<Parking>): ReplayBug => ({
  control: (deps) => ({ ...deps, parking: replaced(deps.parking, change(deps.parking)) }),
});

const elsewhere = (message: ParkedMessage, sort: (before: string) => string): ParkedMessage => ({
  ...message,
  sort: sort(message.sort),
});

export const PLANTED_IN_REPLAY: readonly PlantedInReplay[] = [
  {
    name: 'P2 before P1',
    breaks: 'a drain deletes the head in between: the message is nowhere, until something else parks its key',
    bug: {
      control: (deps) => {
        let held: Parameters<Parking['putMessage']> | undefined;
        const { parking } = deps;
        return {
          ...deps,
          parking: replaced(parking, {
            putMessage: async (...args) => {
              if (held !== undefined) await parking.putMessage(...held);
              held = args;
            },
            touchHead: async (...args) => {
              await parking.touchHead(...args);
              if (held !== undefined) await parking.putMessage(...held);
              held = undefined;
            },
          }),
        };
      },
    },
  },
  {
    name: 'an append does not change the token',
    breaks: 'a drain that has read the last page deletes the head under it',
    bug: inParking((parking) => ({
      touchHead: async (stage, key, touch) => {
        const token = (await parking.readHead(stage, key))?.token ?? touch.token;
        await parking.touchHead(stage, key, { ...touch, token });
      },
    })),
  },
  {
    name: 'the head is due immediately',
    breaks: 'a batch that has read that there is none, and a drain, work on one user',
    bug: inParking((parking) => ({
      touchHead: (stage, key, { token, now, reason }) =>
        parking.touchHead(stage, key, { token, now, reason }),
    })),
  },
  {
    name: 'what is replayed sorts behind what arrives',
    breaks: 'what arrives later is delivered first',
    bug: inParking((parking) => ({
      putMessage: (stage, message) =>
        parking.putMessage(
          stage,
          elsewhere(message, (sort) => `F${sort}`),
        ),
    })),
  },
  {
    name: 'what is replayed sorts behind the head',
    breaks: 'no query finds it',
    bug: inParking((parking) => ({
      putMessage: (stage, message) =>
        parking.putMessage(
          stage,
          elsewhere(message, (sort) => `R${sort}`),
        ),
    })),
  },
  {
    name: 'places are those of the queue',
    breaks:
      'the order of two queues is mixed: what arrives is delivered first, or takes the place of another',
    bug: inParking((parking) => ({
      putMessage: (stage, message) =>
        parking.putMessage(
          stage,
          elsewhere(message, (sort) => `E#9${sort.split('#')[2] ?? ''}`),
        ),
    })),
  },
  {
    name: 'the sequence number is compared as text',
    breaks: 'the tenth message goes before the second',
    bug: inParking((parking) => ({
      putMessage: (stage, message) =>
        parking.putMessage(
          stage,
          elsewhere(message, (sort) =>
            sort.replace(/#0+/, `#${String(9 - (Number(message.sequenceNumber) % 10))}`),
          ),
        ),
    })),
  },
  {
    name: 'the position is stored before the slice is parked',
    breaks: 'a death in between: the slice is lost',
    bug: {
      control: (deps) => {
        const { parking } = deps;
        return {
          ...deps,
          parking: replaced(parking, {
            // Whatever becomes of the message, the position is stored.
            putMessage: (...args) => parking.putMessage(...args).catch(() => undefined),
          }),
        };
      },
    },
  },
  {
    name: 'the messages of a user are put in any order',
    breaks: 'a drain between two of them delivers the later one first',
    bug: {
      control: (deps) => {
        const { parking } = deps;
        let first: Parameters<Parking['putMessage']> | undefined;
        return {
          ...deps,
          parking: replaced(parking, {
            putMessage: async (...args) => {
              if (first === undefined) {
                first = args;
                return;
              }
              await parking.putMessage(...args);
            },
            touchHead: async (...args) => {
              await parking.touchHead(...args);
              if (first !== undefined) await parking.putMessage(...first);
              await parking.touchHead(...args);
              first = undefined;
            },
          }),
        };
      },
    },
  },
  {
    name: 'files are read up to the time that is looked for, and no further',
    breaks: 'what Firehose has put into a file that was begun earlier is left out',
    bug: {
      control: (deps) => {
        const { archive } = deps;
        if (archive === undefined) return deps;
        return {
          ...deps,
          archive: {
            ...archive,
            files: {
              files: async ({ from, until }) =>
                (await archive.files.files({ from, until })).filter(({ began }) => began >= from),
              lines: (file) => archive.files.lines(file),
            },
          },
        };
      },
    },
  },
];

/** In the stories of replays alone: in those of the whole pipeline nobody is erased. */
export const PLANTED_IN_ERASURE: readonly PlantedInReplay[] = [
  {
    name: 'a replay does not look at the deletion list',
    breaks: 'it parks what the archive has of someone who was erased',
    bug: {
      control: (deps) => {
        const { archive } = deps;
        if (archive === undefined) return deps;
        const erasures = replaced(archive.erasures, { since: () => Promise.resolve([]) });
        return { ...deps, archive: { ...archive, erasures } };
      },
    },
  },
];
