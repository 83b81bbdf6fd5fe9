// The network between people and gateways: a plain TCP relay before each gateway, which can be cut, reset or made to stand still.
import net from 'node:net';

export interface Line {
  /** RST, at once: as a network that goes away. */
  cut(): void;
  /** Nothing more is read from the gateway's side, as by a phone in a tunnel. */
  stall(): void;
  /** Bytes handed to the person so far. */
  readonly received: number;
}

export interface Network {
  /** The address that people use instead of this one of a gateway. */
  through(gatewayUrl: string): string;
  /** The gateway behind such an address; what is none is answered as it is. */
  behind(address: string): string;
  /** Living lines, of one person's port if it is said. */
  lines(): readonly Line[];
  cutAll(): number;
  /** Told of each new line. */
  onLine(listener: ((line: Line) => void) | null): void;
  close(): Promise<void>;
}

export async function createNetwork(gatewayUrls: readonly string[]): Promise<Network> {
  const lines = new Set<Line>();
  const relays = new Map<string, net.Server>();
  let told: ((line: Line) => void) | null = null;
  for (const url of gatewayUrls) {
    const { hostname, port } = new URL(url);
    const server = net.createServer({ noDelay: true }, (near) => {
      const far = net.connect({ host: hostname, port: Number(port), noDelay: true });
      let received = 0;
      let stalled = false;
      const line: Line = {
        cut: () => {
          near.resetAndDestroy();
          far.resetAndDestroy();
        },
        stall: () => {
          stalled = true;
          far.pause();
        },
        get received() {
          return received;
        },
      };
      lines.add(line);
      told?.(line);
      const end = (): void => {
        lines.delete(line);
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) socket.on('error', end).on('close', end);
      far.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (!near.write(bytes)) far.pause();
      });
      near.on('drain', () => stalled || far.resume());
      near.pipe(far);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    relays.set(url, server);
  }
  const addresses = new Map([...relays].map(([url, server]) => [url, `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`]));
  return {
    through: (gatewayUrl) => addresses.get(gatewayUrl) ?? gatewayUrl,
    behind: (address) => [...addresses].find(([, relay]) => relay === address)?.[0] ?? address,
    lines: () => [...lines],
    cutAll() {
      const all = [...lines];
      for (const line of all) line.cut();
      return all.length;
    },
    onLine(listener) {
      told = listener;
    },
    async close() {
      for (const line of lines) line.cut();
      await Promise.all([...relays.values()].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
