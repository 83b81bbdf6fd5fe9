// The chart, rendered by helm for a set of values, as objects. No cluster is asked.
import { parseAllDocuments } from 'yaml';
import { runTool } from '../tool.ts';

export const VALUES = { defaults: [], everything: ['-f', 'infra/helm/values/everything.yaml'], minimal: ['-f', 'infra/helm/values/minimal.yaml'] } as const;
export type ValueSet = keyof typeof VALUES;
export const KUBERNETES = ['--kube-version', '1.33'];
export const ROLES = ['accounts', 'rooms', 'messages', 'notifications', 'media', 'gateway', 'edge'] as const;
export type Role = (typeof ROLES)[number];

interface Port {
  readonly port: number;
  readonly protocol: string;
}
interface Peer {
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}
export interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly Port[];
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
export interface Container {
  readonly args: readonly string[];
  readonly image: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: unknown;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly volumeMounts: readonly { readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
}
export interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly automountServiceAccountToken?: boolean;
  readonly spec: {
    readonly replicas?: number;
    readonly maxUnavailable?: number;
    readonly strategy?: { readonly type: string; readonly rollingUpdate?: unknown };
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: PodSpec };
    readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly policyTypes: readonly string[];
    readonly ingress: readonly Rule[];
    readonly egress: readonly Rule[];
    readonly minReplicas?: number;
    readonly rules: unknown;
  };
}

export const renderText = (set: ValueSet, ...more: readonly string[]): Promise<string> =>
  runTool('helm', ['template', 'chat', 'infra/helm/parley', ...KUBERNETES, ...VALUES[set], ...more]);

export async function render(set: ValueSet, ...more: readonly string[]): Promise<readonly Resource[]> {
  return parseAllDocuments(await renderText(set, ...more)).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Resource]));
}

export const roleOf = (resource: Resource): string => resource.metadata.labels['app.kubernetes.io/component'] ?? '';
export const ofKind = (all: readonly Resource[], kind: string): readonly Resource[] => all.filter((one) => one.kind === kind);
/** Throws when there is not exactly one. */
export function one(all: readonly Resource[], kind: string, role: string): Resource {
  const [found, ...others] = ofKind(all, kind).filter((resource) => roleOf(resource) === role);
  if (found === undefined || others.length > 0) throw new Error(`not one ${kind} of ${role}`);
  return found;
}
