"""Making the pocket model from nothing: tokenizer, checkpoint folder, three training stages. Needs torch."""
