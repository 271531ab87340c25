"""What a verb sets before it loads a model."""


def quieten(threads: int | None) -> None:
    """Compute on so many threads, all cores if None; loading draws no bars of its own, which would tear our display."""
    import torch
    import transformers

    if threads:
        torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
