// Who may import whom. One way only: web -> sdk -> protocol; services -> runtime, ports, protocol; adapters -> ports.
import { posix } from 'node:path';
import type { Problem, Repository, Rule, SourceFile } from './repository.ts';

const SERVICES = ['accounts', 'rooms', 'messages', 'gateway', 'edge', 'notifications', 'media'];
const ADAPTERS = ['postgres', 'kafka', 'redis', 'rabbitmq'];

/** Workspace -> the packages of ours that its source may import. A workspace that is not here may import all. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol': [],
  'packages/ports': [],
  'packages/runtime': ['protocol', 'ports'],
  'packages/sdk': ['protocol'],
  'apps/web': ['sdk'],
  ...Object.fromEntries(ADAPTERS.map((name) => [`packages/${name}`, ['ports']])),
  ...Object.fromEntries(SERVICES.map((name) => [`apps/${name}`, ['runtime', 'ports', 'protocol']])),
};

/** What tests may import beside it. Services still never import each other. */
const ALLOWED_IN_TESTS = ['ports', 'protocol', 'runtime', 'sdk', 'checker', 'engines', ...ADAPTERS];

/** Where a service meets the engines: the entry of its process, and of a gateway's workers. */
const COMPOSES = /^apps\/(\w+\/src\/main|gateway\/src\/worker)\.ts$/;

/** Libraries of one brand -> the files that may hold them. */
const BRANDS: readonly { readonly library: RegExp; readonly files: RegExp; readonly where: string }[] = [
  { library: /^@prisma\/|generated\/prisma/, files: /(^|\/)(store[^/]*|outbox)\.ts$/, where: 'store*.ts and outbox.ts' },
  {
    library: /^pg$/,
    files: /^packages\/postgres\/|(^|\/)(store[^/]*|outbox|[^/]*-lease)\.ts$/,
    where: 'packages/postgres, store*.ts, outbox.ts and *-lease.ts',
  },
  { library: /^(ioredis|redis|@socket\.io\/redis)/, files: /^packages\/redis\//, where: 'packages/redis' },
  { library: /^(kafkajs|@platformatic\/kafka)/, files: /^packages\/kafka\//, where: 'packages/kafka' },
  { library: /^amqplib/, files: /^packages\/rabbitmq\//, where: 'packages/rabbitmq' },
];

export const workspaceOf = (path: string): string => /^((?:apps|packages|tests|infra)\/[^/]+|[^/]+)\//.exec(path)?.[1] ?? '';

export const checkImports: Rule = (repository) =>
  repository.sources.flatMap((file) =>
    file.code.imports.flatMap(({ specifier, line }) => {
      const text = refuse(file, specifier) ?? undeclared(repository, file, specifier);
      return text === null ? [] : [{ path: file.path, line, rule: 'imports', text }];
    }),
  );

function refuse(file: SourceFile, specifier: string): string | null {
  const workspace = workspaceOf(file.path);
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : '';
  if (/^(apps|packages)\//.test(target) && workspaceOf(target) !== workspace) return `reaches into another package (${specifier}): import it by its name`;
  const ours = /^@parley\/([^/]+)/.exec(specifier)?.[1];
  const allowed = ALLOWED[workspace];
  if (ours !== undefined && allowed !== undefined && `packages/${ours}` !== workspace && `apps/${ours}` !== workspace) {
    const composes = COMPOSES.test(file.path) && ADAPTERS.includes(ours);
    if (!allowed.includes(ours) && !composes && !(file.isTest && ALLOWED_IN_TESTS.includes(ours))) return `${workspace} must not import ${specifier}`;
  }
  if (file.isTest || !/^(apps|packages)\//.test(file.path)) return null;
  const brand = BRANDS.find(({ library, files }) => library.test(specifier) && !files.test(file.path));
  return brand === undefined ? null : `only ${brand.where} may import ${specifier}`;
}

/** An import that no package.json names works by luck: another workspace happens to have it. */
function undeclared(repository: Repository, file: SourceFile, specifier: string): string | null {
  if (/^(\.|node:|#|virtual:|\/)/.test(specifier) || /(^|\/)k6\//.test(file.path) || specifier.startsWith('k6')) return null;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const manifests = [`${workspaceOf(file.path)}/package.json`, 'package.json'].flatMap((path) => repository.texts.filter((text) => text.path === path));
  if (manifests.length === 0) return null;
  const declared = manifests.some(({ text }) => {
    const { name: own, dependencies, devDependencies, optionalDependencies, peerDependencies } = JSON.parse(text);
    return name === own || name in { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
  });
  return declared ? null : `${name} is not in ${manifests[0]?.path}`;
}

/** `process.env` belongs to config.ts: everything else is told what it needs. */
export const checkEnvironment: Rule = (repository) =>
  repository.sources
    .filter((file) => /^(apps|packages)\//.test(file.path) && !file.isTest && !/(^|\/)(config|vite\.config|prisma\.config)\.ts$/.test(file.path))
    .flatMap((file) =>
      file.code.bare
        .split('\n')
        .flatMap((line, index): Problem[] =>
          /\bprocess\.env\b/.test(line) ? [{ path: file.path, line: index + 1, rule: 'environment', text: 'only config.ts reads process.env' }] : [],
        ),
    );
