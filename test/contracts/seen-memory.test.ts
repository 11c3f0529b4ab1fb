import { MemorySeen } from '../support/memory-seen.ts';
import { seenIdsStoreContract } from './seen-ids-store.ts';

const store = new MemorySeen();

seenIdsStoreContract('MemorySeen', () => store);
