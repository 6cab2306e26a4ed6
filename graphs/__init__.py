"""What happens next: LangGraph state machines that route by the stored stage."""
