import { MemorySeen } from '../support/memory-seen.ts';
import { seenStoreContract } from './seen-store.ts';

const store = new MemorySeen();

seenStoreContract('MemorySeen', () => store);
