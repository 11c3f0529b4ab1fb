/**
 * What RudderStack's data plane answers, request by request, and why Sluice differs where it does.
 *
 * RudderStack's side was read in its source, rudder-server at f2655fb (August 2026): `gateway/` and `gateway/response/`; for
 * `/sourceConfig`, which its hosted control plane serves, in what its SDKs do with the answer. None of it was run.
 */
import type { Case } from './case.ts';
import { batches, beacons, single } from './event-cases.ts';
import { configs, others, pixels, webhooks } from './other-cases.ts';

export const CASES: readonly Case[] = [
  ...single,
  ...batches,
  ...beacons,
  ...pixels,
  ...webhooks,
  ...configs,
  ...others,
];
