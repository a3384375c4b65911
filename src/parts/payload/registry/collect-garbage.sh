#!/bin/sh
# Runs before the registry, while nothing can be pushed: an upload during the collection would be lost.
store=/var/lib/registry/docker/registry/v2

# A store that nobody has pushed to lacks one of these, and the collection would fail on it.
if [ -d "$store/repositories" ] && [ -d "$store/blobs" ]; then
  registry garbage-collect --delete-untagged --quiet /etc/distribution/config.yml ||
    echo 'garbage collection failed; the registry starts all the same' >&2
fi
