// What a room is called and about; muting, leaving, archiving. Only what my role allows is offered.
import { Archive, Bell, BellOff, LogOut } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { RoomState } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field, ProblemNote } from '../ui/field.tsx';
import { say, sayProblem } from '../ui/toasts.tsx';
import { RoomRule } from './room-rule.tsx';

export function RoomSettings({ room }: { room: RoomState }) {
  const parley = useParley();
  const [asking, setAsking] = useState<'leave' | 'archive' | null>(null);
  const handle = parley.room(room.id);
  const { summary, muted } = room;
  if (summary === null) return null;
  const direct = summary.kind === 'direct';
  const runs = summary.role !== 'member';
  const leave = () => handle.leave().then(() => go(pathTo.home, 'replace'), sayProblem);
  const archive = (archived: boolean) => handle.archive(archived).then(() => setAsking(null), sayProblem);
  return (
    <>
      {!direct && runs && <AboutForm room={room} />}
      {!direct && !runs && summary.topic !== '' && <p className="details-part">{summary.topic}</p>}
      <div className="details-part">
        <button type="button" className="button" aria-pressed={muted} onClick={() => handle.mute(!muted).catch(sayProblem)}>
          {muted ? <Bell size={16} aria-hidden="true" /> : <BellOff size={16} aria-hidden="true" />}
          {muted ? 'Unmute room' : 'Mute room'}
        </button>
        {!direct && (
          <p className="aside">
            {summary.visibility === 'public' ? 'Anybody here can find and join it.' : 'Only people who are added or invited can join.'}{' '}
            {summary.history === 'all' ? 'Newcomers can read everything.' : 'Newcomers read from when they joined.'}
          </p>
        )}
      </div>
      <RoomRule room={room.id} direct={direct} />
      {!direct && (
        <div className="details-part">
          {summary.role === 'owner' && (
            <button type="button" className="button" onClick={() => (summary.archived ? archive(false) : setAsking('archive'))}>
              <Archive size={16} aria-hidden="true" /> {summary.archived ? 'Restore room' : 'Archive room'}
            </button>
          )}
          <button type="button" className="button danger" onClick={() => setAsking('leave')}>
            <LogOut size={16} aria-hidden="true" /> Leave room
          </button>
        </div>
      )}
      {asking !== null && <Sure what={asking} onNo={() => setAsking(null)} onYes={asking === 'leave' ? leave : () => archive(true)} />}
    </>
  );
}

function Sure({ what, onNo, onYes }: { what: 'leave' | 'archive'; onNo: () => void; onYes: () => void }) {
  const words =
    what === 'leave'
      ? { title: 'Leave this room?', text: 'You will not get its messages any more. A private room needs an invitation to come back.', yes: 'Leave' }
      : { title: 'Archive this room?', text: 'Nobody can write in it until it is restored. What was said stays readable.', yes: 'Archive' };
  return (
    <Dialog title={words.title} onClose={onNo}>
      <p className="lead">{words.text}</p>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onNo}>
          Cancel
        </button>
        <button type="button" className="button primary" onClick={onYes}>
          {words.yes}
        </button>
      </div>
    </Dialog>
  );
}

function AboutForm({ room }: { room: RoomState }) {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  const { summary } = room;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get('name') ?? '').trim();
    const topic = String(form.get('topic') ?? '').trim();
    const handle = parley.room(room.id);
    try {
      if (name !== summary?.name) await handle.rename(name);
      if (topic !== summary?.topic) await handle.setTopic(topic);
      setProblem(null);
      say('Saved.');
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <form className="details-part" onSubmit={submit}>
      <Field label="Room name" name="name" defaultValue={summary?.name ?? ''} required maxLength={80} autoComplete="off" />
      <Field label="Topic" name="topic" defaultValue={summary?.topic ?? ''} maxLength={500} autoComplete="off" />
      <ProblemNote problem={problem} />
      <button type="submit" className="button">
        Save
      </button>
    </form>
  );
}
