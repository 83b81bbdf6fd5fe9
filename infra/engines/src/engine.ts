// A real engine (Kafka, Redis, RabbitMQ, Postgres) as a local process of ours: what can be done to it, also by a fault test.

export type EngineName = 'kafka' | 'redis' | 'rabbitmq' | 'postgres';

export interface Engine {
  readonly name: EngineName;
  /** How clients reach it: `host:port` for Kafka, a URL for the others. Stays the same over kill and start. */
  readonly url: string;
  /** Of the process now running. */
  readonly pid: number;
  /** SIGKILL to it and whatever it started; resolves when all are gone. */
  kill(): Promise<void>;
  /** The polite way; resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
  /** Again after kill or stop, on the same folder and port. Resolves when it serves. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
}

export interface EngineOptions {
  /** Its data and logs; made when missing. Outlives kill. */
  readonly folder: string;
  /** Default: the one that the folder had before, else a free one. */
  readonly port?: number;
  /** Default false: it ends with the process that started it, whatever ends that. True: it outlives it; a later start on the folder finds it. */
  readonly detached?: boolean;
}
