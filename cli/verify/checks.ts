/** The checks, in the order in which they are made. */
import { assumptions } from './checks/assumptions.ts';
import { concurrency } from './checks/concurrency.ts';
import { deduplication } from './checks/deduplication.ts';
import { degraded } from './checks/degraded.ts';
import { denied } from './checks/denied.ts';
import { doctor } from './checks/doctor.ts';
import { frontDoor } from './checks/front-door.ts';
import { order } from './checks/order.ts';
import { pager } from './checks/pager.ts';
import { poison } from './checks/poison.ts';
import { preflight } from './checks/preflight.ts';
import { removal } from './checks/removal.ts';
import type { Check } from './world.ts';

export const CHECKS: readonly Check[] = [
  preflight,
  frontDoor,
  deduplication,
  order,
  poison,
  degraded,
  concurrency,
  pager,
  denied,
  doctor,
  removal,
  assumptions,
];
