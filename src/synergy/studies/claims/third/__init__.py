"""Claims of 2512.12690, Reassessing the Role of Supervised Fine-Tuning; its tables were not at hand, see PAPERS.md."""
