import { MemoryLateCrashes } from '../support/memory-late-crashes.ts';
import { lateCrashStoreContract } from './late-crash-store.ts';

const clock = { now: 1_790_000_000_000 };
const store = new MemoryLateCrashes(() => clock.now);

lateCrashStoreContract('MemoryLateCrashes', () => ({ store, clock }));
