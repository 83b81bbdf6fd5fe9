// The small parts of a message: what it answers, its reactions, how its sending stands.
import { Tooltip } from '@base-ui/react/tooltip';
import { Check, CircleAlert, Clock3, SmilePlus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { saidBy } from '../files/file-words.ts';
import { saidOf } from '../model/error-words.ts';
import type { MessageView, Pending } from '../model/message-view.ts';
import { listNames, personName } from '../model/names.ts';
import type { Message } from '../model/shapes.ts';
import { useClient, useKnownPeople, useParley } from '../state/client.tsx';
import type { MessageActions } from './message-row.tsx';

/** Pages that hold answered messages which are not loaded: one call for neighbours, asked for once. */
const fetched = new Map<string, Promise<readonly Message[]>>();
/** Half of what the server answers around a message, so that a page around the middle holds all of its stretch. */
const STRETCH = 24;

function useFarMessage(room: string, seq: number, needed: boolean): Message | undefined {
  const parley = useParley();
  const [message, setMessage] = useState<Message | undefined>(undefined);
  useEffect(() => {
    if (!needed) return;
    const middle = Math.floor(seq / STRETCH) * STRETCH + STRETCH / 2;
    const key = `${room}/${middle}`;
    let current = true;
    const asked =
      fetched.get(key) ??
      parley
        .room(room)
        .around(middle)
        .then((page) => page.messages);
    fetched.set(key, asked);
    asked.then(
      (found) => current && setMessage(found.find((one) => one.seq === seq)),
      () => fetched.delete(key),
    );
    return () => {
      current = false;
    };
  }, [parley, room, seq, needed]);
  return message;
}

interface QuoteProps {
  readonly room: string;
  readonly seq: number;
  readonly view: MessageView | undefined;
  readonly onJump: (seq: number) => void;
}

export function Quote({ room, seq, view, onJump }: QuoteProps) {
  const far = useFarMessage(room, seq, view === undefined);
  const author = view?.author ?? far?.author;
  const name = useClient((state) => (author === undefined ? '' : personName(state.people, author)));
  useKnownPeople(author === undefined ? [] : [author]);
  const text = view === undefined ? far?.text : view.deleted ? null : view.text;
  return (
    <button type="button" tabIndex={-1} className="quote" onClick={() => onJump(seq)}>
      <span className="only-heard">In reply to</span>
      <b>{name}</b>
      <span className="truncate">
        {text === null ? <i>deleted message</i> : text === undefined ? '…' : saidBy(text, view?.attachments ?? far?.attachments)}
      </span>
    </button>
  );
}

export function Reactions({ view, me, actions }: { view: MessageView; me: string; actions: MessageActions }) {
  const kinds = Object.entries(view.reactions);
  useKnownPeople(kinds.flatMap(([, who]) => who.slice(0, 12)));
  if (kinds.length === 0) return null;
  return (
    <div className="reactions">
      {kinds.map(([emoji, who]) => (
        <Reaction key={emoji} emoji={emoji} who={who} mine={who.includes(me)} onToggle={() => actions.toggle(view, emoji)} />
      ))}
      <button
        type="button"
        className="reaction add"
        aria-label="Add a reaction"
        tabIndex={-1}
        onClick={(event) => actions.openMenu({ kind: 'react', view, anchor: event.currentTarget })}
      >
        <SmilePlus size={16} aria-hidden="true" />
      </button>
    </div>
  );
}

/** Names in a tooltip before it becomes "and n others". */
const NAMED = 10;

function Reaction({ emoji, who, mine, onToggle }: { emoji: string; who: readonly string[]; mine: boolean; onToggle: () => void }) {
  const names = useClient((state) =>
    listNames(
      who.map((id) => (id === state.me?.user.id ? 'You' : personName(state.people, id))),
      NAMED,
    ),
  );
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        delay={300}
        render={
          <button type="button" className="reaction numbers" aria-pressed={mine} aria-label={`${emoji}, ${who.length}, ${names}`} onClick={onToggle}>
            <span aria-hidden="true">{emoji}</span>
            {who.length}
          </button>
        }
      />
      <Tooltip.Portal>
        <Tooltip.Positioner className="popup-layer" sideOffset={6}>
          <Tooltip.Popup className="tooltip">
            {names} reacted with {emoji}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

const STATE_WORDS = { sending: 'Sending', accepted: 'Accepted', failed: 'Failed' } as const;

/** Sending and accepted, small and behind the last word: a message looks like a message from the first moment. */
export function SendState({ pending }: { pending: Pending }) {
  if (pending.what === 'react') return null;
  const Icon = pending.state === 'accepted' ? Check : Clock3;
  const words = pending.what === 'delete' ? 'Deleting' : STATE_WORDS[pending.state];
  return (
    <span className="state" role="img" aria-label={words} title={words}>
      <Icon size={12} aria-hidden="true" />
      {pending.what === 'delete' && words}
    </span>
  );
}

const FAILED_WORDS = { post: 'Not sent.', edit: 'The edit was not saved.', delete: 'Not deleted.', react: 'The reaction was not saved.' } as const;

export function Failed({ pending, actions }: { pending: Pending; actions: MessageActions }) {
  const said = pending.problem === null ? null : saidOf(pending.problem);
  return (
    <div className="failed" role="alert">
      <CircleAlert size={16} aria-hidden="true" />
      <span>
        {FAILED_WORDS[pending.what]} {said?.text} {said?.code != null && <span className="code-small">{said.code}</span>}
      </span>
      <button type="button" className="button small" onClick={() => actions.retry(pending.clientId)}>
        Retry
      </button>
      <button type="button" className="button small" onClick={() => actions.drop(pending.clientId)}>
        {pending.what === 'post' ? 'Delete' : 'Dismiss'}
      </button>
    </div>
  );
}
