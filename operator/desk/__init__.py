"""The desk: what people ask for in Slack, checked and turned into decisions. It decides through gates only."""
