import { MemoryParking } from '../support/memory-parking.ts';
import { parkingStoreContract } from './parking-store.ts';

const store = new MemoryParking();

parkingStoreContract('MemoryParking', () => store);
