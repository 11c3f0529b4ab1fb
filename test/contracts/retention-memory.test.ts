import { MemoryRetention } from '../support/memory-retention.ts';
import { retentionStoreContract } from './retention-store.ts';

const store = new MemoryRetention();
retentionStoreContract('MemoryRetention', () => store);
