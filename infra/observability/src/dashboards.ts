// Grafana's dashboards as data: what is shown, by which question to Prometheus. Pure; make-dashboards.ts writes them.
import { type Dashboard, DashboardBuilder, DatasourceVariableBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

interface Panel {
  readonly title: string;
  readonly about: string;
  readonly unit: string;
  /** Question -> how its line is called. */
  readonly lines: Readonly<Record<string, string>>;
}

interface Board {
  readonly uid: string;
  readonly title: string;
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
}

const PANEL = { wide: 8, high: 7 };

/** p50 and p99 of a histogram, over all processes or by `label`. */
const quantiles = (histogram: string, label?: string): Record<string, string> =>
  Object.fromEntries(
    [0.5, 0.99].map((share) => {
      const by = label === undefined ? 'le' : `le, ${label}`;
      const name = label === undefined ? `p${share * 100}` : `p${share * 100} {{${label}}}`;
      return [`histogram_quantile(${share}, sum by (${by}) (rate(${histogram}_bucket[$__rate_interval])))`, name];
    }),
  );
const rate = (counter: string, ...labels: string[]): Record<string, string> => ({
  [`sum by (${labels.join(', ')}) (rate(${counter}[$__rate_interval]))`]: labels.map((label) => `{{${label}}}`).join(' ') || 'all',
});

const people: Board = {
  uid: 'parley-people',
  title: 'Parley: what people notice',
  rows: {
    Sockets: [
      { title: 'Sockets', about: 'By what they are at.', unit: 'short', lines: { 'sum by (state) (parley_gateway_sockets_by_state)': '{{state}}' } },
      {
        title: 'People and rooms',
        about: 'On all workers; a person on two counts twice.',
        unit: 'short',
        lines: { 'sum(parley_gateway_users)': 'people', 'sum(parley_gateway_rooms)': 'rooms' },
      },
      {
        title: 'Sockets of each gateway',
        about: 'Should be about even.',
        unit: 'short',
        lines: { 'sum by (instance) (parley_gateway_sockets)': '{{instance}}' },
      },
    ],
    Sending: [
      { title: 'Send to answer', about: 'From the frame to the ack: the log has it.', unit: 's', lines: quantiles('parley_gateway_ack_seconds') },
      { title: 'Frames', about: 'Of clients, by name and answer.', unit: 'reqps', lines: rate('parley_gateway_frames_total', 'frame', 'outcome') },
      { title: 'What came of commands', about: 'Events, rejections, repeats.', unit: 'ops', lines: rate('parley_messages_decided_total', 'outcome') },
    ],
    Receiving: [
      { title: 'Deliveries', about: 'Each event once for each socket.', unit: 'ops', lines: rate('parley_gateway_deliveries_total') },
      { title: 'Fan-out', about: 'Sockets of one room in one flush.', unit: 'short', lines: quantiles('parley_gateway_fanout_sockets') },
      {
        title: 'Slow sockets',
        about: 'Stalled now; times that one fell behind or was told to begin anew.',
        unit: 'short',
        lines: {
          'sum(parley_gateway_stalled_sockets)': 'stalled',
          ...rate('parley_gateway_behind_total'),
          'sum(rate(parley_gateway_resets_total[$__rate_interval]))': 'resets a second',
        },
      },
      {
        title: 'Wait to be written together',
        about: 'At most 10 ms, longer under load.',
        unit: 's',
        lines: { 'max by (instance) (parley_gateway_flush_window_seconds)': '{{instance}}' },
      },
      {
        title: 'Left out under load',
        about: '1 typing, 2 presence comes later, 3 events wait for company, 4 slow members fall behind, 5 new sockets are refused.',
        unit: 'short',
        lines: { 'max by (instance) (parley_gateway_shedding_step)': '{{instance}}' },
      },
      {
        title: 'Why it is left out',
        about: 'How late the event loop is; steps up and down in five minutes.',
        unit: 'short',
        lines: {
          'max by (instance) (parley_gateway_loop_late_seconds)': 'seconds late {{instance}}',
          'sum(increase(parley_gateway_shedding_changes_total[5m]))': 'steps',
        },
      },
      {
        title: 'Bytes that wait',
        about: 'Sent to sockets and not taken.',
        unit: 'bytes',
        lines: { 'sum by (instance) (parley_gateway_queue_bytes)': '{{instance}}' },
      },
      {
        title: 'Dear rooms: time',
        about: 'Of one core, in the last minute; the ten that cost a worker most.',
        unit: 'percentunit',
        lines: { 'topk(10, sum by (room) (parley_gateway_room_cpu_share))': '{{room}}' },
      },
      {
        title: 'Dear rooms: bytes',
        about: 'Handed to sockets a second.',
        unit: 'Bps',
        lines: { 'topk(10, sum by (room) (parley_gateway_room_bytes_per_second))': '{{room}}' },
      },
      {
        title: 'HTTP',
        about: 'Time to answer, by route.',
        unit: 's',
        lines: { 'histogram_quantile(0.99, sum by (le, route) (rate(parley_http_request_seconds_bucket[$__rate_interval])))': 'p99 {{route}}' },
      },
      { title: 'HTTP answers', about: 'By status.', unit: 'reqps', lines: rate('parley_http_request_seconds_count', 'status') },
    ],
  },
};

const path: Board = {
  uid: 'parley-path',
  title: 'Parley: the path of a message',
  rows: {
    'Into the log': [
      { title: 'Append', about: 'Until it is durable.', unit: 's', lines: quantiles('parley_log_append_seconds', 'topic') },
      {
        title: 'Appends that failed',
        about: 'Answered with unavailable.',
        unit: 'ops',
        lines: { 'sum by (topic) (rate(parley_log_append_seconds_count{outcome="failed"}[$__rate_interval]))': '{{topic}}' },
      },
      {
        title: 'Behind the end of the log',
        about: 'Records, by who reads.',
        unit: 'short',
        lines: { 'sum by (topic, group) (parley_log_consumer_lag)': '{{topic}} {{group}}' },
      },
    ],
    Deciding: [
      { title: 'Commit', about: 'One batch in the database.', unit: 's', lines: quantiles('parley_messages_commit_seconds') },
      { title: 'Commands in a batch', about: 'More together cost less each.', unit: 'short', lines: quantiles('parley_messages_batch_commands') },
      { title: 'Records handled', about: 'Of all topics.', unit: 'ops', lines: rate('parley_log_records_total', 'topic', 'group') },
      { title: 'Batches that come again', about: 'They could not be handled.', unit: 'ops', lines: rate('parley_log_handle_failures_total', 'topic', 'group') },
      {
        title: 'Dead letters',
        about: 'parley log dead shows them.',
        unit: 'short',
        lines: { 'sum(increase(parley_messages_dead_letters_total[1h]))': 'in an hour' },
      },
    ],
    'Out again': [
      {
        title: 'Committed, not told yet',
        about: 'To the feed, and to the log.',
        unit: 'short',
        lines: { 'sum by (to) (parley_messages_untold_events)': '{{to}}' },
      },
      { title: 'Feed', about: 'Until it has taken what is published.', unit: 's', lines: quantiles('parley_feed_publish_seconds') },
      { title: 'Flushes', about: 'Of all workers.', unit: 'ops', lines: rate('parley_gateway_flushes_total') },
    ],
  },
};

const behind: Board = {
  uid: 'parley-behind',
  title: 'Parley: work behind, and processes',
  rows: {
    Jobs: [
      { title: 'Waiting', about: 'Not in hand, by queue.', unit: 'short', lines: { 'max by (queue) (parley_jobs_waiting)': '{{queue}}' } },
      { title: 'Given up', about: 'parley jobs list shows them.', unit: 'short', lines: { 'max by (queue) (parley_jobs_parked)': '{{queue}}' } },
      {
        title: 'One try of a job',
        about: 'p99 by queue and end.',
        unit: 's',
        lines: { 'histogram_quantile(0.99, sum by (le, queue, outcome) (rate(parley_job_seconds_bucket[$__rate_interval])))': '{{queue}} {{outcome}}' },
      },
      { title: 'New jobs', about: 'By queue.', unit: 'ops', lines: rate('parley_jobs_enqueued_total', 'queue') },
      { title: 'Outboxes', about: 'Committed, and not carried on yet.', unit: 'short', lines: { 'max by (service) (parley_outbox_waiting)': '{{service}}' } },
      {
        title: 'Sagas',
        about: 'Open, and overdue.',
        unit: 'short',
        lines: { 'max by (kind) (parley_sagas_open)': 'open {{kind}}', 'max by (kind) (parley_sagas_overdue)': 'overdue {{kind}}' },
      },
    ],
    Calls: [
      {
        title: 'Calls between services',
        about: 'p99 by call.',
        unit: 's',
        lines: { 'histogram_quantile(0.99, sum by (le, call) (rate(parley_internal_call_seconds_bucket[$__rate_interval])))': '{{call}}' },
      },
      {
        title: 'Breakers',
        about: '0 closed, 0.5 half open, 1 open.',
        unit: 'short',
        lines: { 'max by (service, target) (parley_breaker_state)': '{{service}} {{target}}' },
      },
      { title: 'Fallbacks', about: 'Answers of the edge in place of a service.', unit: 'ops', lines: rate('parley_edge_fallbacks_total', 'fallback') },
      {
        title: 'Breakers opened',
        about: 'In an hour.',
        unit: 'short',
        lines: { 'sum by (service) (increase(parley_breaker_opened_total[1h]))': '{{service}}' },
      },
    ],
    Processes: [
      {
        title: 'Event loop',
        about: 'How late it is, p99.',
        unit: 's',
        lines: { 'max by (job, instance) (nodejs_eventloop_lag_p99_seconds)': '{{job}} {{instance}}' },
      },
      {
        title: 'Processor',
        about: 'Cores in use.',
        unit: 'short',
        lines: { 'sum by (job, instance) (rate(process_cpu_seconds_total[$__rate_interval]))': '{{job}} {{instance}}' },
      },
      { title: 'Memory', about: 'Resident.', unit: 'bytes', lines: { 'sum by (job, instance) (process_resident_memory_bytes)': '{{job}} {{instance}}' } },
      {
        title: 'Gateway workers that ended by themselves',
        about: 'In an hour.',
        unit: 'short',
        lines: { 'sum by (instance) (increase(parley_gateway_worker_crashes_total[1h]))': '{{instance}}' },
      },
    ],
  },
};

export const BOARDS: readonly Board[] = [people, path, behind];

/** Every question that a board asks. */
export const questionsOf = (board: Board): readonly string[] =>
  Object.values(board.rows).flatMap((panels) => panels.flatMap((panel) => Object.keys(panel.lines)));

function panelOf({ title, about, unit, lines }: Panel): PanelBuilder {
  const panel = new PanelBuilder()
    .title(title)
    .description(about)
    .unit(unit)
    .min(0)
    .datasource({ type: 'prometheus', uid: '$datasource' })
    .span(PANEL.wide)
    .height(PANEL.high);
  for (const [index, [question, name]] of Object.entries(lines).entries())
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode(65 + index))
        .expr(question)
        .legendFormat(name),
    );
  return panel;
}

/** The board as Grafana imports it. */
export function buildDashboard({ uid, title, rows }: Board): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .tags(['parley'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus'));
  for (const [row, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(row));
    for (const panel of panels) dashboard.withPanel(panelOf(panel));
  }
  return dashboard.build();
}
