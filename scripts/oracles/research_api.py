#!/usr/bin/env python3
"""Runs TikTok's own Python wrapper of the Research API against our stand-in.

    cargo run -p testkit --example research_stand_in     # prints ADDRESS KEY SECRET
    scripts/oracles/research_api.py ADDRESS KEY SECRET

The wrapper (tiktok/tiktok-research-api-wrapper) is not part of this repository: put its folder
tiktok-research-api-python on PYTHONPATH. Without it this says that it was skipped.
"""

import sys

try:
    from tiktok_research_api import Criteria, Query, QueryVideoRequest, TikTokResearchAPI
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

# What the example holds: 450 videos over 40 days from 2024-05-01, every fifth of them gone.
FIRST_DAY, LAST_DAY = "20240501", "20240609"
TOLD = 360


def pointed_at(address):
    """The wrapper's client with another address. It sets its own first and fetches a token at once."""

    class Client(TikTokResearchAPI):
        url = property(lambda self: address, lambda self, _: None)

    return Client


def request(**criteria):
    return QueryVideoRequest(
        query=Query(**criteria),
        start_date=FIRST_DAY,
        end_date=LAST_DAY,
        max_count=100,
        fields="id, create_time, username,hashtag_names,view_count, like_count,hashtag_info_list",
    )


def main(address, key, secret):
    client = pointed_at(address)(client_key=key, client_secret=secret)
    cat = Criteria(operation="EQ", field_name="hashtag_name", field_values=["cat"])
    dog = Criteria(operation="IN", field_name="hashtag_name", field_values=["dog", "wolf"])
    canada = Criteria(operation="EQ", field_name="region_code", field_values=["CA"])

    videos, _, cursor, has_more, first, last = client.query_videos(
        request(and_criteria=[cat], not_criteria=[canada]), fetch_all_pages=True
    )
    ids = [video["id"] for video in videos]
    assert len(ids) == len(set(ids)) == TOLD, (len(ids), len(set(ids)))
    assert all("cat" in video["hashtag_names"] for video in videos)
    assert not has_more
    print(f"ok: {len(ids)} videos in windows to {first}..{last}, the last cursor {cursor}")

    videos, search_id, *_ = client.query_videos(request(or_criteria=[dog]), fetch_all_pages=True)
    assert videos == [] and search_id is None, (len(videos), search_id)
    print("ok: nothing under another hashtag, and no search id")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: research_api.py ADDRESS KEY SECRET")
    main(*sys.argv[1:])
