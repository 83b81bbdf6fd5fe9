#!/usr/bin/env bash
# install-engines.sh redis rabbitmq kafka: installs the Debian packages of these engines and Kafka's jars, where they are missing.
# Says first what it does. No service of the packages is started. Needs root for apt-get; without it, says what to install.
set -euo pipefail
cd "$(dirname "$0")"
KAFKA_VERSION=4.3.1
JARS="${PARLEY_ENGINES_CACHE:-$HOME/.cache/parley}/kafka-$KAFKA_VERSION"

packages=()
for engine in "$@"; do
  case "$engine" in
    redis) command -v redis-server >/dev/null || packages+=(redis-server) ;;
    rabbitmq) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || packages+=(rabbitmq-server) ;;
    kafka)
      command -v java >/dev/null || packages+=(default-jre-headless)
      [ -e "$JARS/kafka_2.13-$KAFKA_VERSION.jar" ] || command -v mvn >/dev/null || packages+=(maven)
      ;;
    *) echo "install-engines: no engine is called $engine" >&2; exit 2 ;;
  esac
done

# Packages start their services through invoke-rc.d, which asks this file. Our engines are processes of our own.
POLICY=/usr/sbin/policy-rc.d
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "install-engines: needs root; run: apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 1
  fi
  echo "install-engines: apt-get install ${packages[*]} (their services are not started)"
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    trap 'rm -f "$POLICY"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

case " $* " in
  *" kafka "*)
    if [ ! -e "$JARS/kafka_2.13-$KAFKA_VERSION.jar" ]; then
      echo "install-engines: Kafka's jars with Maven into $JARS (44 MB)"
      mkdir -p "$(dirname "$JARS")"
      unfinished="$JARS.unfinished-$$"
      mvn -q -B -f engines/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$unfinished"
      # Whole or not there; another process may have been first.
      mv -T "$unfinished" "$JARS" 2>/dev/null || rm -rf "$unfinished"
    fi
    ;;
esac
