#!/bin/sh
# Runs before the registry, while nothing can be pushed: an upload during the collection would be lost.
store=/var/lib/registry/docker/registry/v2
collected=/var/lib/registry/.collected

# Once for each restart that was asked for. A pod that only moves to another node serves at once: others wait for it.
if [ -z "$RESTARTED_AT" ] || [ "$RESTARTED_AT" = "$(cat "$collected" 2>/dev/null)" ]; then
  exit 0
fi
# A store that nobody has pushed to lacks one of these, and the collection would fail on it.
if [ -d "$store/repositories" ] && [ -d "$store/blobs" ] &&
  ! registry garbage-collect --delete-untagged --quiet /etc/distribution/config.yml; then
  echo 'garbage collection failed; the registry starts all the same, and the next pod tries again' >&2
  exit 0
fi
echo "$RESTARTED_AT" >"$collected" || echo 'the next pod will collect again' >&2
