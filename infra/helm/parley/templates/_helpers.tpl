{{- define "parley.name" -}}
{{- if contains "parley" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-parley" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{/* Of one role: dict "root" $ "role" "rooms". */}}
{{- define "parley.selector" -}}
app.kubernetes.io/name: parley
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "parley.labels" -}}
{{ include "parley.selector" . }}
app.kubernetes.io/part-of: parley
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "parley.image" -}}
{{- with .Values.image }}{{ if .digest }}{{ printf "%s@%s" .repository .digest }}{{ else }}{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}{{ end }}{{ end -}}
{{- end }}

{{/* Who calls whom over HTTP, and who uses which engine. A test holds it to the code of the services. */}}
{{- define "parley.calls" -}}
accounts: [rooms, messages, notifications, media]
rooms: [accounts, messages]
messages: [accounts, rooms]
notifications: [accounts, messages]
media: [accounts, messages]
gateway: [accounts, messages]
edge: [accounts, rooms, messages, notifications, media, gateway]
{{- end }}
{{- define "parley.engines" -}}
accounts: [postgres, kafka, redis]
rooms: [postgres, kafka]
messages: [postgres, kafka, redis]
notifications: [postgres, kafka, redis, rabbitmq, internet]
media: [postgres, kafka, rabbitmq]
gateway: [kafka, redis]
edge: [redis]
migrate: [postgres, kafka]
{{- end }}

{{- define "parley.fromSecret" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .secret.name }}, key: {{ .key | default .secret.key }} } }
{{- end }}

{{/* What every service is told. */}}
{{- define "parley.environment" -}}
{{- $root := .root -}}{{- $values := .root.Values -}}{{- $role := .role -}}{{- $name := include "parley.name" .root -}}
{{- $engines := get (include "parley.engines" . | fromYaml) $role -}}
- { name: NODE_ENV, value: production }
- { name: LOG_LEVEL, value: {{ $values.logLevel | quote }} }
- { name: PUBLIC_URL, value: {{ $values.publicUrl | quote }} }
- { name: ORIGINS, value: {{ join "," $values.origins | quote }} }
{{- range list "accounts" "rooms" "messages" "notifications" "media" }}
- { name: {{ upper . }}_URL, value: "http://{{ $name }}-{{ . }}:8080" }
{{- end }}
{{- with $values.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
- { name: TRACE_RATIO, value: {{ $values.traceRatio | quote }} }
{{- end }}
{{ include "parley.fromSecret" (dict "name" "INTERNAL_KEY" "secret" $values.secrets.internal) }}
{{- if $values.secrets.metricsToken.name }}
{{ include "parley.fromSecret" (dict "name" "METRICS_TOKEN" "secret" $values.secrets.metricsToken) }}
{{- end }}
{{- if has "kafka" $engines }}
- { name: KAFKA_BROKERS, value: {{ $values.kafka.brokers | quote }} }
- { name: KAFKA_CLIENT, value: {{ $values.kafka.client | quote }} }
- { name: KAFKA_TOPIC_PREFIX, value: {{ $values.kafka.topicPrefix | quote }} }
{{- end }}
{{- if has "redis" $engines }}
- { name: REDIS_KEY_PREFIX, value: {{ $values.redis.keyPrefix | quote }} }
{{ include "parley.fromSecret" (dict "name" "REDIS_URL" "secret" $values.secrets.redis) }}
{{- end }}
{{- if has "rabbitmq" $engines }}
- { name: RABBITMQ_PREFIX, value: {{ $values.rabbitmq.prefix | quote }} }
{{ include "parley.fromSecret" (dict "name" "RABBITMQ_URL" "secret" $values.secrets.rabbitmq) }}
{{- end }}
{{- if has "postgres" $engines }}
{{ include "parley.fromSecret" (dict "name" "DATABASE_URL" "secret" (get $values.secrets.databases $role)) }}
{{- end }}
{{- include (printf "parley.environment.%s" $role) $root }}
{{- end }}

{{- define "parley.environment.accounts" }}
- { name: REGISTRATION, value: {{ .Values.registration | quote }} }
{{ include "parley.fromSecret" (dict "name" "SETUP_CODE" "secret" .Values.secrets.setupCode) }}
{{- end }}
{{- define "parley.environment.rooms" }}{{ end }}
{{- define "parley.environment.messages" }}{{ end }}
{{- define "parley.environment.notifications" }}
- { name: VAPID_SUBJECT, value: {{ .Values.notifications.vapidSubject | quote }} }
- { name: WEBHOOK_ALLOW_PRIVATE, value: {{ .Values.notifications.webhookAllowPrivate | quote }} }
{{- with .Values.secrets.vapid }}{{ if .name }}
{{ include "parley.fromSecret" (dict "name" "VAPID_PUBLIC_KEY" "secret" . "key" "VAPID_PUBLIC_KEY") }}
{{ include "parley.fromSecret" (dict "name" "VAPID_PRIVATE_KEY" "secret" . "key" "VAPID_PRIVATE_KEY") }}
{{- end }}{{ end }}
{{- if .Values.secrets.smtp.name }}
{{ include "parley.fromSecret" (dict "name" "SMTP_URL" "secret" .Values.secrets.smtp) }}
- { name: MAIL_FROM, value: {{ required "notifications.mailFrom: letters (secrets.smtp) need a sender" .Values.notifications.mailFrom | quote }} }
{{- end }}
{{- end }}
{{- define "parley.environment.media" }}
- { name: MEDIA_MAX_BYTES, value: {{ int64 .Values.media.maxBytes | quote }} }
{{- if .Values.media.s3.bucket }}
- { name: S3_BUCKET, value: {{ .Values.media.s3.bucket | quote }} }
- { name: S3_REGION, value: {{ .Values.media.s3.region | quote }} }
{{- with .Values.media.s3.endpoint }}
- { name: S3_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- $secret := dict "name" (required "secrets.s3.name: media.s3.bucket needs it" .Values.secrets.s3.name) }}
{{ include "parley.fromSecret" (dict "name" "S3_ACCESS_KEY_ID" "secret" $secret "key" "S3_ACCESS_KEY_ID") }}
{{ include "parley.fromSecret" (dict "name" "S3_SECRET_ACCESS_KEY" "secret" $secret "key" "S3_SECRET_ACCESS_KEY") }}
{{- else }}
- { name: MEDIA_DIR, value: /data/media }
{{- end }}
{{- end }}
{{- define "parley.environment.edge" }}
{{- $check := .Values.gatewayCheckUrls }}
{{- if not (or $check .Values.gatewayUrls) }}{{ $check = list (printf "http://%s-gateway:8080" (include "parley.name" .)) }}{{ end }}
- { name: GATEWAY_URLS, value: {{ join "," (.Values.gatewayUrls | default (list .Values.publicUrl)) | quote }} }
{{- if $check }}
- { name: GATEWAY_CHECK_URLS, value: {{ join "," $check | quote }} }
{{- end }}
- { name: TRUSTED_PROXIES, value: {{ join "," .Values.trustedProxies | quote }} }
- { name: MEDIA_MAX_BYTES, value: {{ int64 .Values.media.maxBytes | quote }} }
{{- end }}
{{- define "parley.environment.gateway" }}
- { name: GATEWAY_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: GATEWAY_WORKERS, value: {{ .Values.gateway.workers | quote }} }
- { name: DRAIN_MS, value: {{ mul .Values.gateway.drainSeconds 1000 | quote }} }
- { name: GRACE_MS, value: {{ mul (add .Values.gateway.drainSeconds 15) 1000 | quote }} }
{{- end }}

{{/* The port of health and metrics: a gateway's own, which browsers do not reach. */}}
{{- define "parley.healthPort" -}}{{ if eq .role "gateway" }}admin{{ else }}http{{ end }}{{- end }}

{{/* After a stop signal: the process' own time and some more, before it is killed. */}}
{{- define "parley.terminationSeconds" -}}
{{- with .root.Values.gateway }}{{ if eq $.role "gateway" }}{{ add .preStopSeconds .drainSeconds 15 10 }}{{ else }}45{{ end }}{{ end -}}
{{- end }}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}
{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Autoscaling that was asked for and cannot work is refused. */}}
{{- define "parley.scaler" -}}
{{- with .Values.autoscaling }}
{{- if and .hpa.enabled .keda.enabled }}{{ fail "autoscaling.hpa and autoscaling.keda: one of both at most" }}{{ end }}
{{- if .hpa.enabled }}hpa{{ else if .keda.enabled }}keda{{ end }}
{{- end }}
{{- end }}
