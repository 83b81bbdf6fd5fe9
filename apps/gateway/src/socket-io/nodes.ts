// Workers tell each other how much they carry, so that any of them can answer for all. Only this goes from node to node here: rooms and users
// travel on the feed. Socket.IO's server has no clients of its own: it is here for its adapter, and no packet to a socket ever comes this way.
import type { Clock, Timer } from '@parley/ports';
import type { GatewayNode } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { Server, type ServerOptions } from 'socket.io';

/** How the nodes reach each other: made by an adapter, for Socket.IO's server. */
export type NodeAdapter = NonNullable<ServerOptions['adapter']>;

/** Where the workers of the gateway meet. */
export interface NodeConnections {
  readonly adapter: NodeAdapter;
}

const SAY_MS = 2_000;
/** A worker that said nothing for this long is gone, or cannot be heard. */
const SILENT_MS = 7_000;
/** Whatever names itself: more than a cluster has. */
const NODES_MAX = 1_000;
const EVENT = 'gateway.stats';

export interface NodesDeps {
  readonly adapter: NodeAdapter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly own: () => GatewayNode;
}

export class Nodes {
  private readonly deps: NodesDeps;
  private readonly io: Server;
  private readonly others = new Map<string, { readonly node: GatewayNode; readonly at: number }>();
  private readonly timer: Timer;

  constructor(deps: NodesDeps) {
    this.deps = deps;
    this.io = new Server({ adapter: deps.adapter, serveClient: false });
    this.io.on(EVENT as never, (node: unknown) => this.hear(node));
    this.timer = deps.clock.every(SAY_MS, () => this.say());
    this.say();
  }

  /** The other workers that were heard of late. */
  list(): readonly GatewayNode[] {
    const oldest = this.deps.clock.monotonic() - SILENT_MS;
    for (const [name, { at }] of this.others) if (at < oldest) this.others.delete(name);
    return [...this.others.values()].map(({ node }) => node);
  }

  stop(): void {
    this.timer.cancel();
    // What is asked of others after this would be told of a worker that takes nobody.
    this.tell({ ...this.deps.own(), draining: true });
  }

  /** After stop(): lets go of the adapter. */
  async close(): Promise<void> {
    await this.io.of('/').adapter.close();
  }

  private say(): void {
    this.tell(this.deps.own());
  }

  private tell(node: GatewayNode): void {
    try {
      this.io.serverSideEmit(EVENT, node);
    } catch (error) {
      this.deps.logger.debug({ err: error }, 'the other workers could not be told');
    }
  }

  private hear(said: unknown): void {
    const node = said as GatewayNode;
    if (typeof node?.worker !== 'string' || typeof node.sockets !== 'number') return;
    if (node.worker === this.deps.own().worker || (this.others.size >= NODES_MAX && !this.others.has(node.worker))) return;
    this.others.set(node.worker, { node, at: this.deps.clock.monotonic() });
  }
}
