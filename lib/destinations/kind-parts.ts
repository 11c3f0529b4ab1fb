import type { DestinationSettings } from '../../contract/settings.ts';
import type { SluiceFunction } from '../function.ts';

/** What a kind of destination adds to its stage. */
export interface KindParts {
  /** What the function's `bundle.json` says of the destination. Nothing in it may be known at deployment only. */
  readonly settings: DestinationSettings;
  /** Names of the secrets that the function may read. */
  readonly secrets: readonly string[];
  /** Variables of the function, which may be known at deployment only. */
  readonly environment: Readonly<Record<string, string>>;
  /** MB that the function needs. Absent: what every stage has. */
  readonly memory?: number;
  /** Lets the function do its work. */
  readonly grant: (grantee: SluiceFunction) => void;
}
