/**
 * The configuration as functions get it: every default filled in, lengths of time in milliseconds. `config/schema.ts` explains each key.
 */

/** A secret is named, never written. */
export interface SecretName {
  readonly secretName: string;
}

export interface SourceSettings {
  readonly id: string;
  readonly enabled: boolean;
  readonly writeKeys: readonly string[];
}

export interface DestinationSettings {
  readonly id: string;
  readonly type: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string | SecretName>>;
  /** Ids of the sources it takes. Absent: all. */
  readonly sources?: readonly string[] | undefined;
  /** Events of one request, at most. */
  readonly batch: number;
  readonly maxConcurrency: number;
  readonly signingSecret?: SecretName | undefined;
  readonly allowPrivateNetwork: boolean;
  readonly enabled: boolean;
}

export interface TimingSettings {
  readonly ingestDeadline: number;
  readonly routerTimeout: number;
  readonly routerVisibility: number;
  readonly deliverTimeout: number;
  readonly deliverVisibility: number;
  readonly requestTimeout: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  readonly refusalDelay: number;
}

export interface DegradedModeSettings {
  readonly redriveThreshold: number;
  /** 0 to 1. */
  readonly redriveShare: number;
  readonly window: number;
  readonly crashes: number;
  readonly pause: number;
  readonly maxPause: number;
  readonly recoverAfter: number;
  readonly breakerFailures: number;
  readonly breakerTime: number;
  readonly stallAfter: number;
  readonly ownAfter: number;
  readonly parkAfter: number;
  readonly spillAfter: number;
  readonly drainConcurrency: number;
  readonly maxDrainBackoff: number;
}

export interface DeduplicationSettings {
  readonly window: number;
  readonly maxIds: number;
}
