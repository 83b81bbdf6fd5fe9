// Finding people by name: type, pick, see who is picked. Used to start a direct message, to add people, to invite.
import { Check, Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Person } from '../model/shapes.ts';
import { useClient, useParley } from '../state/client.tsx';
import { Avatar } from './avatar.tsx';
import { Field } from './field.tsx';
import { sayProblem } from './toasts.tsx';

/** The search waits this long for the next letter. */
const TYPING_MS = 150;

interface PeoplePickerProps {
  readonly label: string;
  readonly picked: ReadonlySet<string>;
  readonly without?: ReadonlySet<string>;
  readonly onPick: (person: Person) => void;
}

export function PeoplePicker({ label, picked, without, onPick }: PeoplePickerProps) {
  const parley = useParley();
  const me = useClient((state) => state.me?.user.id);
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<readonly Person[] | null>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      parley.people.search(query.trim()).then((people) => current && setFound(people), sayProblem);
    }, TYPING_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [parley, query]);
  const shown = found?.filter((person) => person.id !== me && !without?.has(person.id)) ?? [];
  return (
    <>
      <Field label={label} type="search" placeholder="Name" value={query} onChange={(event) => setQuery(event.target.value)} autoComplete="off" autoFocus />
      <ul className="people" aria-label="People found">
        {shown.slice(0, 20).map((person) => (
          <li key={person.id}>
            <button type="button" className="person-row" aria-pressed={picked.has(person.id)} onClick={() => onPick(person)}>
              <Avatar id={person.id} name={person.name} size={28} />
              <span className="who truncate">
                {person.name}
                <small>@{person.handle}</small>
              </span>
              {picked.has(person.id) && <Check size={16} aria-hidden="true" />}
            </button>
          </li>
        ))}
      </ul>
      {found !== null && shown.length === 0 && (
        <p className="hint aside">
          <Search size={16} aria-hidden="true" /> {query === '' ? 'Type a name.' : 'Nobody has that name here.'}
        </p>
      )}
    </>
  );
}
