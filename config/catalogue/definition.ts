/** What the catalogue says of a destination: the parts of its definition that are read here. */

export interface Field {
  readonly label?: string;
  readonly description?: string;
  readonly type: string;
  /** An object: under conditions. */
  readonly required?: boolean | object;
  readonly default?: unknown;
  readonly multiple?: boolean;
  readonly choices?: readonly (string | { readonly value: string | number; readonly label?: string })[];
}

export type Fields = Readonly<Record<string, Field>>;

export interface Action {
  readonly title?: string;
  readonly description?: string;
  readonly defaultSubscription?: string;
  readonly fields: Fields;
  readonly syncMode?: { readonly default?: string };
  readonly performBatch?: unknown;
}

export interface Preset {
  readonly name?: string;
  readonly partnerAction: string;
  readonly subscribe?: string;
  readonly mapping?: Readonly<Record<string, unknown>>;
  /** `automatic`, or of Segment's own engine. */
  readonly type?: string;
}

export interface Definition {
  readonly name: string;
  readonly description?: string;
  readonly mode: string;
  readonly authentication?: {
    readonly scheme: string;
    readonly fields?: Fields;
    readonly refreshAccessToken?: unknown;
  };
  readonly presets?: readonly Preset[];
  readonly actions: Readonly<Record<string, Action>>;
}

/** Presets that take the events of sources, and not those that Segment's engine makes. */
export const presetsOf = ({
  presets = [],
}: Definition): readonly (Preset & { readonly subscribe: string })[] =>
  presets.flatMap((preset) =>
    preset.type === 'automatic' && preset.subscribe !== undefined
      ? [{ ...preset, subscribe: preset.subscribe }]
      : [],
  );

export const choicesOf = ({ choices }: Field): readonly (string | number)[] | undefined =>
  choices?.map((choice) => (typeof choice === 'object' ? choice.value : choice));

export const isOAuth = ({ authentication }: Definition): boolean =>
  authentication?.scheme === 'oauth2' || authentication?.scheme === 'oauth-managed';

/** Fields to which the presets' defaults give the event's id, so that a receiver can recognize a repetition. */
export const idFields = ({ fields }: Action): readonly string[] =>
  Object.entries(fields).flatMap(([name, field]) =>
    JSON.stringify(field.default ?? null).includes('$.messageId') ? [name] : [],
  );
