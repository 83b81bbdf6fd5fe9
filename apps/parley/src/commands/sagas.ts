// `parley sagas`: what several services do together (erasures, imports), how far each is and what it waits for.
import { Sagas } from '@parley/protocol';
import { createParley } from '@parley/sdk';
import { persist } from '../replay/actor.ts';
import { askPassword } from './ask.ts';

export interface SagasOptions {
  readonly url: string;
  readonly as: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** The services that lead sagas. */
const LEADERS = ['accounts', 'rooms'] as const;

export async function sagas(options: SagasOptions): Promise<void> {
  const password = await askPassword(`Password of ${options.as}: `);
  const parley = createParley({ url: options.url, device: 'parley sagas' });
  try {
    await parley.login({ handle: options.as, password });
    const query = options.open === true ? '?open=true' : '';
    const answers = await Promise.all(
      LEADERS.map(async (service) => Sagas.parse(await persist(() => parley.call('GET', `/api/sagas/${service}${query}`))).sagas),
    );
    const found = answers.flat().sort((a, b) => b.createdAt - a.createdAt);
    if (options.json === true) console.log(JSON.stringify({ sagas: found }));
    else if (found.length === 0) console.log(options.open === true ? 'No saga is under way.' : 'There has been no saga.');
    else for (const saga of found) console.log(lineOf(saga));
  } finally {
    await parley.close();
  }
}

const lineOf = ({ saga, kind, state, step, attempts, reason, createdAt }: ReturnType<typeof Sagas.parse>['sagas'][number]): string => {
  const where = state === 'running' || state === 'undoing' ? ` in step ${step}, try ${attempts + 1}` : '';
  return `${new Date(createdAt).toISOString()}  ${saga}  ${kind}  ${state}${where}${reason === null ? '' : ` (${reason})`}`;
};
