/** `sluice destinations`. Pure. */
import type {
  DescribedAction,
  DescribedDestination,
  DescribedField,
  ListedDestination,
} from '../../config/catalogue/described.ts';
import { line } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';

type Colors = Pick<View, 'colors'>;

const MAX_DEFAULT = 60;

export const listText = (
  found: readonly ListedDestination[],
  version: string,
  { colors }: Colors,
): string => {
  const width = Math.max(...found.map(({ name }) => name.length));
  return [
    `${found.length} destinations of Segment's catalogue, version ${version}`,
    ...found.map(({ name, title, starts, access }) => {
      const notes = [
        ...(access === 'OAuth' ? ['connected by OAuth'] : []),
        ...(starts === 'presets' ? [] : ['needs subscriptions']),
      ];
      return `  ${colors.bold(name.padEnd(width))}  ${line(title, 60)}${notes.length === 0 ? '' : colors.dim(`  ${notes.join(', ')}`)}`;
    }),
    colors.dim('npx sluice destinations <name> explains one'),
  ].join('\n');
};

const fieldLines = (
  fields: readonly DescribedField[],
  { colors }: Colors,
  indent: string,
): readonly string[] => {
  const width = Math.max(0, ...fields.map(({ name }) => name.length));
  return fields.flatMap(({ name, type, required, default: otherwise, choices, about }) => {
    const facts = [
      type,
      ...(required ? ['required'] : []),
      ...(choices === undefined
        ? []
        : [
            choices
              .slice(0, 8)
              .map((choice) => JSON.stringify(choice))
              .join(' | '),
          ]),
      ...(otherwise === undefined ? [] : [`default ${line(JSON.stringify(otherwise), MAX_DEFAULT)}`]),
    ];
    return [
      `${indent}${name.padEnd(width)}  ${line(facts.join(', '), WIDTH)}`,
      ...(about === '' ? [] : [`${indent}${' '.repeat(width)}  ${colors.dim(line(about, 160))}`]),
    ];
  });
};

const actionLines = (
  { name, about, batches, ids, fields }: DescribedAction,
  view: Colors,
): readonly string[] => [
  `  ${view.colors.bold(name)}${batches ? view.colors.dim('  takes several events in a request') : ''}`,
  ...(about === '' ? [] : [`    ${view.colors.dim(line(about, 160))}`]),
  ...(ids.length === 0 ? [] : [`    repetitions are recognized by ${ids.join(', ')}, the event's messageId`]),
  ...fieldLines(fields, view, '    '),
];

/** What there is at least to write. */
const exampleOf = ({
  name,
  settings,
  access,
  refreshes,
  variables,
  starts,
  actions,
}: DescribedDestination): string => {
  const secret = { secretName: `${name}/...` };
  const needed = settings.filter((field) => field.required && field.default === undefined);
  const [action] = actions;
  const fields = action?.fields.filter((field) => field.required && field.default === undefined) ?? [];
  const value = ({ type, choices }: DescribedField): unknown =>
    type === 'secret' ? secret : (choices?.[0] ?? '...');
  const filled = (list: readonly DescribedField[]): object =>
    Object.fromEntries(list.map((field) => [field.name, value(field)]));
  const tokens = refreshes
    ? { refreshToken: secret, clientId: '...', clientSecret: secret }
    : { accessToken: secret };
  return JSON.stringify(
    {
      id: name.slice(0, 32),
      type: 'actions',
      destination: name,
      ...(needed.length === 0 ? {} : { settings: filled(needed) }),
      ...(access === 'OAuth' ? { oauth: tokens } : {}),
      ...(variables.length === 0 ? {} : { env: Object.fromEntries(variables.map((one) => [one, secret])) }),
      ...(starts === 'presets' || action === undefined
        ? {}
        : { subscriptions: [{ action: action.name, subscribe: 'type = "track"', mapping: filled(fields) }] }),
    },
    undefined,
    2,
  );
};

export const describedText = (described: DescribedDestination, view: Colors): string => {
  const { name, title, about, settings, variables, presets, actions, access, refreshes } = described;
  const { colors } = view;
  const section = (heading: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', colors.bold(heading), ...lines];
  const oauth = refreshes
    ? '  tokens in oauth, which are refreshed'
    : '  a token in oauth.accessToken, which is not refreshed';
  return [
    `${colors.bold(name)}: ${line(title, 100)}`,
    ...(about === '' ? [] : [line(about, 160)]),
    ...section('Settings', fieldLines(settings, view, '  ')),
    ...section('Connected by OAuth', access === 'OAuth' ? [oauth] : []),
    ...section(
      'Variables that its code reads (env)',
      variables.map((one) => `  ${one}`),
    ),
    ...section(
      'Presets: what it gets without subscriptions',
      presets.map(
        ({ name: preset, subscribe, action }) =>
          `  ${line(preset, 60)}: ${line(subscribe, 200)} -> ${action}`,
      ),
    ),
    ...section(
      'Actions',
      actions.flatMap((action) => actionLines(action, view)),
    ),
    ...section(
      'In the configuration',
      exampleOf(described)
        .split('\n')
        .map((text) => `  ${text}`),
    ),
  ].join('\n');
};
