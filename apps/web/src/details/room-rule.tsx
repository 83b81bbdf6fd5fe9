// Of which messages of a room I am told while I am away.
import { useEffect, useState } from 'react';
import type { NotificationRule } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { Choices, ProblemNote } from '../ui/field.tsx';

const RULES = [
  { value: 'all', label: 'All messages' },
  { value: 'mentions', label: 'Mentions of me' },
  { value: 'none', label: 'Nothing' },
] as const;

export function RoomRule({ room, direct }: { room: string; direct: boolean }) {
  const parley = useParley();
  const [rule, setRule] = useState<NotificationRule | null>(null);
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    const took = (found: NotificationRule | null): void => {
      if (!current) return;
      setRule(found);
      setLoaded(true);
    };
    parley.notifications.roomRule(room).then(took, (error) => current && setProblem(error));
    return () => {
      current = false;
    };
  }, [parley, room]);
  const change = (next: NotificationRule) => {
    const before = rule;
    setRule(next);
    parley.notifications.setRoomRule(room, next).then(
      () => setProblem(null),
      (error) => {
        setRule(before);
        setProblem(error);
      },
    );
  };
  return (
    <div className="details-part">
      {loaded && <Choices legend="Tell me while I am away" value={rule ?? (direct ? 'all' : 'mentions')} options={RULES} onChange={change} />}
      <ProblemNote problem={problem} />
    </div>
  );
}
