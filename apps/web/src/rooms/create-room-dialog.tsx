// Making a channel or a group: its name, who may find it, what newcomers see, and who is in it from the start.
import { type FormEvent, useState } from 'react';
import type { Person } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Choices, Field, ProblemNote } from '../ui/field.tsx';
import { PeoplePicker } from '../ui/people-picker.tsx';

const VISIBILITY = [
  { value: 'public', label: 'Public', hint: 'Anybody here can find and join it.' },
  { value: 'private', label: 'Private', hint: 'Only by being added or invited.' },
] as const;
const HISTORY = [
  { value: 'all', label: 'Everything', hint: 'Newcomers can read from the start.' },
  { value: 'since_join', label: 'Since they joined', hint: 'What was before stays hidden.' },
] as const;

interface CreateRoomDialogProps {
  readonly kind: 'channel' | 'group';
  readonly onClose: () => void;
}

export function CreateRoomDialog({ kind, onClose }: CreateRoomDialogProps) {
  const parley = useParley();
  const [visibility, setVisibility] = useState<'public' | 'private'>(kind === 'channel' ? 'public' : 'private');
  const [history, setHistory] = useState<'all' | 'since_join'>(kind === 'channel' ? 'all' : 'since_join');
  const [members, setMembers] = useState<ReadonlyMap<string, Person>>(new Map());
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string) => String(form.get(name) ?? '').trim();
    setBusy(true);
    parley.createRoom({ kind, name: value('name'), topic: value('topic'), visibility, history, members: [...members.keys()] }).then(
      (changed) => {
        onClose();
        go(pathTo.room(changed.room));
      },
      (error) => {
        setProblem(error);
        setBusy(false);
      },
    );
  };
  const toggle = (person: Person) => {
    const next = new Map(members);
    if (!next.delete(person.id)) next.set(person.id, person);
    setMembers(next);
  };
  return (
    <Dialog title={kind === 'channel' ? 'Create a channel' : 'New group'} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Field
          label="Room name"
          name="name"
          required
          maxLength={80}
          autoComplete="off"
          autoFocus
          placeholder={kind === 'channel' ? 'for example: release' : 'for example: Lunch'}
        />
        <Field label="Topic" name="topic" maxLength={500} autoComplete="off" placeholder="What is it about? (optional)" />
        {kind === 'channel' && <Choices legend="Who can find it" value={visibility} options={VISIBILITY} onChange={setVisibility} />}
        <Choices legend="What newcomers can read" value={history} options={HISTORY} onChange={setHistory} />
        {kind === 'group' && <PeoplePicker label="People" picked={new Set(members.keys())} onPick={toggle} />}
        {members.size > 0 && <p className="aside">With {[...members.values()].map((person) => person.name).join(', ')}</p>}
        <ProblemNote problem={problem} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {kind === 'channel' ? 'Create channel' : 'Create group'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
