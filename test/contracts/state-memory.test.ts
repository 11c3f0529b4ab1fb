import { UNREADABLE } from '../../lambdas/core/mode/record.ts';
import { MemoryParking } from '../support/memory-parking.ts';
import { MemoryRejections } from '../support/memory-rejections.ts';
import { MemoryState } from '../support/memory-state.ts';
import { rejectionStoreContract } from './rejection-store.ts';
import { stateStoreContract } from './state-store.ts';

const parking = new MemoryParking();
const store = new MemoryState(parking);

stateStoreContract('MemoryState', () => ({
  store,
  parking,
  spoil: async (stage) => {
    store.modes.set(stage, UNREADABLE);
    await Promise.resolve();
  },
}));

const rejections = new MemoryRejections();

rejectionStoreContract('MemoryRejections', () => rejections);
