/** Resolves CloudFormation's intrinsic functions, given what each resource's `Ref` and attributes are here. */

/** What a resource is known by once it exists. */
export interface Physical {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Scope {
  readonly physical: (logicalId: string) => Physical | undefined;
  /** `AWS::Region` and its like. */
  readonly pseudo: Readonly<Record<string, string>>;
}

type Json = unknown;

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Error that names the function that is not known here: better than a local run that differs silently */
export const resolve = (value: Json, scope: Scope): Json => {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (!isObject(value)) return value;
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return resolveFunction(name, argument, scope);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]));
};

const resolveFunction = (name: string, argument: Json, scope: Scope): Json => {
  switch (name) {
    case 'Ref':
      return ref(String(argument), scope);
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = Array.isArray(argument)
        ? argument.map(String)
        : String(argument).split('.', 2);
      return attributeOf(logicalId ?? '', attribute ?? '', scope);
    }
    case 'Fn::Join': {
      const [separator, list] = resolve(argument, scope) as [string, readonly string[]];
      return list.join(separator);
    }
    case 'Fn::Select': {
      const [index, list] = resolve(argument, scope) as [number | string, readonly Json[]];
      return list[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = resolve(argument, scope) as [string, string];
      return text.split(separator);
    }
    case 'Fn::Sub': {
      const text = Array.isArray(argument) ? String(argument[0]) : String(argument);
      const own = (Array.isArray(argument) ? resolve(argument[1], scope) : {}) as Readonly<
        Record<string, string>
      >;
      return text.replace(/\$\{([^}!]+)\}/g, (_, key: string) => {
        const [logicalId = '', attribute] = key.split('.', 2);
        return (
          own[key] ?? (attribute === undefined ? ref(key, scope) : attributeOf(logicalId, attribute, scope))
        );
      });
    }
    default:
      throw new Error(`the template uses ${name}, which the local run does not know`);
  }
};

const ref = (name: string, scope: Scope): string => scope.pseudo[name] ?? scope.physical(name)?.ref ?? name;

const attributeOf = (logicalId: string, attribute: string, scope: Scope): string =>
  scope.physical(logicalId)?.attributes[attribute] ?? `${logicalId}.${attribute}`;
